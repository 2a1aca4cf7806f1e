#pragma once

#include "core/loss/objective.h"
#include "core/loss/predictor.h"

namespace timbre::loss {

// BYOL (Grill et al. 2020, arXiv 2006.07733), two views, no negatives: an EMA copy of the network (the
// target) projects the other view, and a predictor has to say what it sees,
//   sum over both directions of 2 - 2 cos(predictor(view), target of the other view), mean over clips.
// The target's momentum is the paper's: 1 - (1 - ema_base) (cos(pi step/steps) + 1)/2.
// No chance value: 0, the value of collapsed projections, is also the best. Diagnostics: positive_similarity.
class Byol final : public Objective {
 public:
  Byol(const ByolConfig& config, const PredictorOptions& predictor);
  bool wants_target() const override { return true; }
  double target_momentum(int64_t step, int64_t steps) const override;

 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override;

  const double ema_base_;
  Predictor predictor_;
};

}  // namespace timbre::loss
