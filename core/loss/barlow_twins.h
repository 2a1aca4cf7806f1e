#pragma once

#include "core/loss/objective.h"

namespace timbre::loss {

// Barlow Twins (Zbontar et al. 2021, arXiv 2103.03230) of two views: with C [d, d] the cross-correlation of
// the views, each dimension standardised over the batch (BatchNorm without affine: biased variance + 1e-5),
//   sum_i (C_ii - 1)^2 + redundancy_weight sum_{i != j} C_ij^2.
// d when all projections are alike. Diagnostics: on_diagonal and off_diagonal (before its weight).
class BarlowTwins final : public Objective {
 public:
  BarlowTwins(const BarlowTwinsConfig& config, int64_t projection_dim)
      : config_(config), projection_dim_(projection_dim) {}
  double chance_loss(int64_t /*tracks*/, int64_t /*views*/) const override {
    return static_cast<double>(projection_dim_);
  }

 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override;

  const BarlowTwinsConfig config_;
  const int64_t projection_dim_;
};

}  // namespace timbre::loss
