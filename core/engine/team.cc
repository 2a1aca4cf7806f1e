#include "core/engine/team.h"

#include <barrier>
#include <optional>
#include <thread>
#include <vector>

#include "core/engine/products.h"

namespace timbre::engine {

struct Team::State {
  explicit State(int size) : begin(size + 1), end(size + 1), meeting(size) {}
  std::barrier<> begin;  // the threads and the caller of Run
  std::barrier<> end;
  std::barrier<> meeting;                            // the threads alone
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

void Team::Meet() { state_->meeting.arrive_and_wait(); }

}  // namespace timbre::engine
