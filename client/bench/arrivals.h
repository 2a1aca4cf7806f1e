#pragma once

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace timbre::bench {

enum class Arrivals {
  // Independent callers: the gaps are exponential (a Poisson process).
  kPoisson,
  // Equal gaps.
  kConstant,
};

// When calls of an open loop are due, whatever became of those before.
// Threads: compatible.
class ArrivalSchedule {
 public:
  // `per_second` > 0. The same seed gives the same times.
  ArrivalSchedule(Arrivals kind, double per_second, uint64_t seed);

  // The next call's time after the start; never decreases. The first constant arrival is at 0.
  absl::Duration Next();

 private:
  double Uniform();  // in (0, 1]

  const Arrivals kind_;
  const double per_second_;
  std::mt19937_64 random_;
  int64_t count_ = 0;
  double seconds_ = 0;
};

}  // namespace timbre::bench
