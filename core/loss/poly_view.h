#pragma once

#include "core/loss/objective.h"

namespace timbre::loss {

// Poly-View contrastive learning (Shidani et al. 2024, arXiv 2403.05490), for M >= 2 views. With
//   p(i,a,b) = exp(s(ia,ib)/t) / ( exp(s(ia,ib)/t) + sum_{j != i} sum_g exp(s(ia,jg)/t) ),
// s = cosine similarity (the further views of clip i are no candidates), means over clips i and views a:
//   geometric               -mean_{b != a} log p(i,a,b)
//   arithmetic              -log mean_{b != a} p(i,a,b)
//   sufficient statistics   -log p of row ia against the means of clips' views but one: the positive is the
//                           mean of the unit rows i,b != a, the negatives those of all j,b != g
// With M = 2 each is NT-Xent. ln(1 + (N-1) M) when nothing is learned. Diagnostics: candidates.h.
class PolyView final : public Objective {
 public:
  explicit PolyView(const PolyViewConfig& config) : config_(config) {}
  ViewRange view_range() const override { return PolyViewConfig::kViews; }
  double chance_loss(int64_t tracks, int64_t views) const override;

 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override;

  const PolyViewConfig config_;
};

}  // namespace timbre::loss
