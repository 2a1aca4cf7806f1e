#pragma once

#include <functional>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace timbre::testing {

// Whether it comes true within half a minute; asked again after `step`.
inline bool Eventually(const std::function<bool()>& condition, absl::Duration step = absl::Milliseconds(1)) {
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(step);
  }
  return true;
}

}  // namespace timbre::testing
