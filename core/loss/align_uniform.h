#pragma once

#include "core/loss/objective.h"

namespace timbre::loss {

// Alignment and uniformity on the unit sphere (Wang & Isola 2020, arXiv 2005.10242) of two views:
//   mean ||x - y||^power + weight * log mean_{i<j} exp(-scale ||xi - xj||^2), the second's mean of both
//   views.
// 0 when all projections are alike. Diagnostics: alignment and uniformity.
class AlignUniform final : public Objective {
 public:
  explicit AlignUniform(const AlignUniformConfig& config) : config_(config) {}
  double chance_loss(int64_t /*tracks*/, int64_t /*views*/) const override { return 0; }

 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override;

  const AlignUniformConfig config_;
};

// log mean_{i<j} exp(-scale ||xi - xj||^2) of the unit rows [N >= 2, d].
torch::Tensor Uniformity(const torch::Tensor& unit_rows, double scale);

}  // namespace timbre::loss
