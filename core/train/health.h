#pragma once

#include <optional>
#include <vector>

#include "core/train/observer.h"

namespace timbre::train {

// Looks at each step's figures and says, once per problem until it clears, that a training is ill: loss
// within 1 % of the objective's chance value over the last 20 steps (not before step 50), collapse
// (embedding_std < 0.05 or uniformity > -0.05 over 20 steps), a loss or gradient that is not finite, a loader
// that makes training wait more than half of the time over 20 steps. It is asked at every step, with the
// figures of that step alone (data_wait_ratio too). Threads: compatible.
class HealthMonitor {
 public:
  explicit HealthMonitor(double chance_loss) : chance_loss_(chance_loss) {}

  // The problems that are new with this step.
  std::vector<HealthEvent> Check(const StepReport& report);

  // The problems that were told and have not cleared since, each with what was seen at the last step.
  std::vector<HealthEvent> ongoing() const;

 private:
  struct Tracker {
    int streak = 0;
    bool reported = false;
    HealthEvent last = {};
  };
  // `event` if the problem has now lasted `needed_steps` steps and was not told yet.
  static std::optional<HealthEvent> Track(Tracker& tracker, bool ill, int needed_steps,
                                          const HealthEvent& event);

  const double chance_loss_;
  Tracker not_finite_, at_chance_, collapsed_, starving_;
};

}  // namespace timbre::train
