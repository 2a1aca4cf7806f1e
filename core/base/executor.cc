#include "core/base/executor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/exhausted.h"

namespace timbre::base {
namespace {

// A full queue clears in about this time.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(250);

}  // namespace

ThreadPool::ThreadPool(Options options) : options_(std::move(options)), queue_(options_.queue_capacity) {}

std::unique_ptr<ThreadPool> ThreadPool::Start(Options options) {
  std::unique_ptr<ThreadPool> pool(new ThreadPool(std::move(options)));
  for (int i = 0; i < pool->options_.threads; ++i)
    pool->threads_.emplace_back([p = pool.get()] { p->Run(); });
  return pool;
}

ThreadPool::~ThreadPool() { Stop(); }

absl::Status ThreadPool::Schedule(std::function<void()> function) {
  switch (queue_.TryPush({std::move(function), options_.clock->Now()})) {
    case PushResult::kPushed:
      return absl::OkStatus();
    case PushResult::kFull:
      return ExhaustedError(Exhausted::kFull,
                            absl::StrCat("the ", options_.name, " queue is full (", options_.queue_capacity,
                                         " waiting); try again"),
                            kRetryAfter);
    case PushResult::kClosed:
      break;
  }
  return Stopped();
}

absl::Status ThreadPool::Continue(std::function<void()> function) {
  return queue_.PushOverCapacity({std::move(function), options_.clock->Now()}) ? absl::OkStatus() : Stopped();
}

absl::Status ThreadPool::Stopped() const {
  return absl::UnavailableError(absl::StrCat("the ", options_.name, " has stopped"));
}

void ThreadPool::Stop() {
  queue_.Close();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

absl::Duration ThreadPool::oldest_wait() const {
  absl::Duration wait = absl::ZeroDuration();
  queue_.LookAtFront(
      [&](const Waiting& waiting) { wait = std::max(wait, options_.clock->Now() - waiting.since); });
  return wait;
}

void ThreadPool::Run() {
  while (auto next = queue_.Pop()) next->function();
}

}  // namespace timbre::base
