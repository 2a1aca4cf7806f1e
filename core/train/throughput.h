#pragma once

#include <chrono>
#include <cstdint>

#include "absl/time/time.h"

namespace timbre::train {

// How fast a training goes: windows a second, the share of the time that waited for data, and the time that
// is left. Threads: compatible.
class Throughput {
 public:
  using Clock = std::chrono::steady_clock;

  struct Figures {
    double windows_per_second = 0;
    double data_wait_ratio = 0;
  };

  // `start` and `waited`: the time and the loader's total wait when the run begins.
  Throughput(Clock::time_point start, absl::Duration waited)
      : start_(start), last_{start, waited, 0}, mark_{start, waited, 0} {}

  // One step is done. Returns the figures of this step alone.
  Figures Step(Clock::time_point now, absl::Duration waited, int64_t windows);

  // The figures since the last call (since the start at first).
  Figures TakeReport();

  // From the last call of TakeReport (from the start at first) to the last step.
  absl::Duration SinceReport() const { return absl::FromChrono(last_.time - mark_.time); }

  // Seconds that `remaining_steps` will take at the mean pace so far.
  double EtaSeconds(int64_t remaining_steps) const;

 private:
  struct Mark {
    Clock::time_point time;
    absl::Duration waited;
    int64_t windows;
  };
  static Figures Between(const Mark& from, const Mark& to);

  const Clock::time_point start_;
  Mark last_;  // after the last step
  Mark mark_;  // at the last report
  int64_t steps_ = 0;
};

}  // namespace timbre::train
