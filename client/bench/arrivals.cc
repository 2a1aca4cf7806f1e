#include "client/bench/arrivals.h"

#include <cmath>

namespace timbre::bench {

ArrivalSchedule::ArrivalSchedule(Arrivals kind, double per_second, uint64_t seed)
    : kind_(kind), per_second_(per_second), random_(seed) {}

absl::Duration ArrivalSchedule::Next() {
  if (kind_ == Arrivals::kConstant) {
    seconds_ = static_cast<double>(count_++) / per_second_;  // a sum of gaps would drift
  } else {
    seconds_ -= std::log(Uniform()) / per_second_;
  }
  return absl::Seconds(seconds_);
}

double ArrivalSchedule::Uniform() { return static_cast<double>((random_() >> 11) + 1) * 0x1p-53; }

}  // namespace timbre::bench
