#pragma once

#include "absl/time/time.h"

namespace timbre::base {

// Time as the rest of the program sees it: injected, so that tests turn it by hand (tests/fakes/fake_clock.h).
// Threads: safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;

  // The machine's clock; lives for the whole program.
  static const Clock& System();
};

}  // namespace timbre::base
