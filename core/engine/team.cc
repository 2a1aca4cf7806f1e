#include "core/engine/team.h"

#include <hwy/cache_control.h>

#include <atomic>
#include <barrier>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "core/engine/products.h"

namespace timbre::engine {
namespace {

// A barrier for threads that come within microseconds of each other: they look out for a while before they
// sleep, since to be woken takes longer than a layer of one window.
class Meeting {
 public:
  explicit Meeting(int size) : size_(size) {}

  void ArriveAndWait() {
    const uint32_t round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      round_.notify_all();
      return;
    }
    for (int i = 0; i < kLooks; ++i) {
      if (round_.load(std::memory_order_acquire) != round) return;
      hwy::Pause();
    }
    round_.wait(round, std::memory_order_acquire);
  }

 private:
  static constexpr int kLooks = 2000;  // some 30 to 100 microseconds
  const int size_;
  std::atomic<int> arrived_ = 0;
  std::atomic<uint32_t> round_ = 0;
};

}  // namespace

struct Team::State {
  explicit State(int size) : begin(size + 1), end(size + 1), meeting(size) {}
  std::barrier<> begin;  // the threads and the caller of Run
  std::barrier<> end;
  Meeting meeting;                                   // the threads alone
  std::optional<absl::FunctionRef<void(int)>> work;  // none: the team ends
  std::vector<std::thread> threads;
};

Team::Team(int threads) : size_(threads), state_(std::make_unique<State>(threads)) {
  for (int i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get(), i] {
      UseOneThread();
      while (true) {
        state->begin.arrive_and_wait();
        if (!state->work.has_value()) return;
        (*state->work)(i);
        state->end.arrive_and_wait();
      }
    });
  }
}

Team::~Team() {
  state_->work.reset();
  state_->begin.arrive_and_wait();
  for (std::thread& thread : state_->threads) thread.join();
}

void Team::Run(absl::FunctionRef<void(int)> work) {
  state_->work.emplace(work);
  state_->begin.arrive_and_wait();
  state_->end.arrive_and_wait();
}

void Team::Meet() { state_->meeting.ArriveAndWait(); }

}  // namespace timbre::engine
