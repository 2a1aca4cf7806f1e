#pragma once

#include "core/loss/objective.h"

namespace timbre::loss {

// Mean squared difference of two views over clips and dimensions, projections as they are. The negative
// control: nothing keeps the projections apart, so that they collapse to one point and the loss to 0.
// No chance value, no diagnostics of its own.
class Mse final : public Objective {
 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override {
    return {.loss = (input.views[0] - input.views[1]).pow(2).mean(), .diagnostics = {}};
  }
};

}  // namespace timbre::loss
