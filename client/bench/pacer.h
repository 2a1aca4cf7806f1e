#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "client/bench/arrivals.h"

namespace timbre::bench {

// What load to make.
struct LoadPlan {
  // Calls a second of the open loop; 0: a closed loop.
  double rps = 0;
  Arrivals arrivals = Arrivals::kPoisson;
  // Arrivals of the open loop that find so many calls unanswered are dropped, and counted.
  int max_in_flight = 1024;
  // Calls that the closed loop keeps unanswered.
  int concurrency = 1;
  // What is due before it is over counts for nothing.
  absl::Duration warmup = absl::ZeroDuration();
  // Of what is measured, after the warm-up.
  absl::Duration duration = absl::Seconds(10);
  uint64_t seed = 1;

  absl::Duration End() const { return warmup + duration; }
};

// Says what a load does next: a pure function of the plan, the time and the calls in flight.
// Threads: compatible.
class Pacer {
 public:
  enum class Action { kSend, kDrop, kWait, kOver };
  struct Step {
    Action action = Action::kOver;
    // The time that the call to send or drop was due at, or that to wait for; an answer ends the wait too.
    absl::Duration at = absl::ZeroDuration();
  };

  explicit Pacer(const LoadPlan& plan);

  // Times are since the load's start and never decrease. After kOver always kOver.
  Step Next(absl::Duration now, int in_flight);

 private:
  Step NextOpen(absl::Duration now, int in_flight);

  const LoadPlan plan_;
  std::optional<ArrivalSchedule> schedule_;  // of the open loop
  absl::Duration due_ = absl::ZeroDuration();
};

}  // namespace timbre::bench
