#include "client/bench/timeline.h"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>

namespace timbre::bench {

// Linux lets timers be 50 us late by default, which would count as the server's latency.
SteadyTimeline::SteadyTimeline() : start_(std::chrono::steady_clock::now()) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);
}

absl::Duration SteadyTimeline::Now() const {
  return absl::FromChrono(std::chrono::steady_clock::now() - start_);
}

void SteadyTimeline::WaitUntil(absl::Duration until) {
  const absl::Duration bound = std::min(until, Now() + absl::Milliseconds(100));
  std::unique_lock lock(mutex_);
  condition_.wait_until(lock, start_ + absl::ToChronoNanoseconds(bound), [this] { return woken_; });
  woken_ = false;
}

void SteadyTimeline::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  condition_.notify_one();
}

}  // namespace timbre::bench
