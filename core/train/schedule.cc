#include "core/train/schedule.h"

#include <cmath>
#include <numbers>

namespace timbre::train {
namespace {

// From 1 at the start to 0 at the end.
double HalfCosine(int64_t step, int64_t steps) {
  if (steps <= 0) return 1;
  return (1 + std::cos(std::numbers::pi * static_cast<double>(step) / static_cast<double>(steps))) / 2;
}

}  // namespace

double LearningRateAt(const OptimizerConfig& config, int64_t step, int64_t steps) {
  const ScheduleConfig& schedule = config.schedule;
  if (step < schedule.warmup_steps) {
    return config.learning_rate * static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps);
  }
  if (schedule.kind == ScheduleKind::kConstant) return config.learning_rate;
  const double fall = HalfCosine(step - schedule.warmup_steps, steps - schedule.warmup_steps);
  return config.learning_rate * (schedule.final_ratio + (1 - schedule.final_ratio) * fall);
}

}  // namespace timbre::train
