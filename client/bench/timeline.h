#pragma once

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace timbre::bench {

// The time since a load's start, and how to wait for it; tests drive one by hand.
// Threads: WaitUntil from one thread, the rest from any.
class Timeline {
 public:
  virtual ~Timeline() = default;

  virtual absl::Duration Now() const = 0;
  // Returns at `until` or before: once after each Wake, and whenever it likes.
  virtual void WaitUntil(absl::Duration until) = 0;
  virtual void Wake() = 0;
};

// The machine's steady clock, from the construction on. WaitUntil returns at least ten times a second.
class SteadyTimeline final : public Timeline {
 public:
  SteadyTimeline();

  absl::Duration Now() const override;
  void WaitUntil(absl::Duration until) override;
  void Wake() override;

 private:
  const std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;
};

}  // namespace timbre::bench
