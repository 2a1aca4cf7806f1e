#pragma once

#include <cstdint>

#include "core/train/training_config.h"

namespace timbre::train {

// The learning rate of step `step` (0-based) of `steps`: learning_rate * (step + 1) / warmup_steps during the
// warm-up, then constant, or by the cosine of SGDR without restarts (Loshchilov & Hutter 2017) over the
// remaining steps. A function of the step alone, so that a restored training goes on as if never stopped.
double LearningRateAt(const OptimizerConfig& config, int64_t step, int64_t steps);

}  // namespace timbre::train
