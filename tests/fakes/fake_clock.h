#pragma once

#include "core/base/clock.h"
#include "core/base/mutex.h"

namespace timbre::fakes {

// A clock that moves only when the test says so. Threads: safe.
class FakeClock final : public base::Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000)) : now_(start) {}

  absl::Time Now() const override {
    base::MutexLock lock(mutex_);
    return now_;
  }
  void Advance(absl::Duration duration) {
    base::MutexLock lock(mutex_);
    now_ += duration;
  }

 private:
  mutable base::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timbre::fakes
