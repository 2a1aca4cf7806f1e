#pragma once

#include <optional>

#include "core/loss/objective.h"

namespace timbre::loss {

// Decoupled contrastive learning (Yeh et al. 2022, arXiv 2110.06848): NT-Xent without the positive in the
// denominator,
//   l(i) = -w s(i,i+)/t + log sum_{k != i,i+} exp(s(i,k)/t), mean over all 2N rows, both directions;
// w = 1 in DCL; in DCLW w = 2 - N softmax_i(s(i,i+)/sigma) over the N clips, so that far positives weigh more
// (gradients flow through w, as in the authors' code). Rows are L2-normalised as in the paper (the authors'
// code leaves that to the caller). A row without a negative (mask_same_track) loses nothing. ln(2N-2) when
// nothing is learned. Diagnostics: candidates.h.
class Dcl final : public Objective {
 public:
  explicit Dcl(const DclConfig& config)
      : temperature_(config.temperature), mask_same_track_(config.mask_same_track) {}
  explicit Dcl(const DclwConfig& config)
      : temperature_(config.temperature), mask_same_track_(config.mask_same_track), sigma_(config.sigma) {}
  double chance_loss(int64_t tracks, int64_t views) const override;

 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override;

  const double temperature_;
  const bool mask_same_track_;
  const std::optional<double> sigma_ = {};  // of DCLW
};

}  // namespace timbre::loss
