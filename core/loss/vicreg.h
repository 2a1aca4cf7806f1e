#pragma once

#include "core/loss/objective.h"

namespace timbre::loss {

// VICReg (Bardes et al. 2022, arXiv 2105.04906) of two views, projections as they are (not normalised):
//   invariance  mean squared difference over clips and dimensions
//   variance    mean_j relu(1 - sqrt(var_j + 1e-4)), mean of the two views
//   covariance  sum of squared off-diagonal covariances / d, sum of the two views
// with variance and covariance over N - 1, each times its weight. No chance value: a healthy loss may pass
// the collapsed one's (variance_weight * 0.99). Diagnostics: the three terms before their weights.
class VicReg final : public Objective {
 public:
  explicit VicReg(const VicRegConfig& config) : config_(config) {}

 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override;

  const VicRegConfig config_;
};

}  // namespace timbre::loss
