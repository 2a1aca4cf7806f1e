#pragma once

#include "core/loss/objective.h"

namespace timbre::loss {

// Normalised temperature-scaled cross entropy (SimCLR: Chen et al. 2020, eq. 1), for M = 2 views:
//   l(i) = -log( exp(s(i,i+)/t) / sum_{k != i} exp(s(i,k)/t) ), s = cosine similarity, mean over all 2N rows.
// By log-sum-exp with the row itself masked out: no overflow at any temperature. A row all of whose
// candidates are masked (mask_same_track) loses nothing. At most 2N-1 candidates look alike: ln(2N-1) when
// nothing is learned. Diagnostics: candidates.h.
class NtXent final : public Objective {
 public:
  explicit NtXent(const NtXentConfig& config) : config_(config) {}
  double chance_loss(int64_t tracks, int64_t views) const override;

 private:
  ObjectiveOutput Loss(const ObjectiveInput& input) override;

  const NtXentConfig config_;
};

}  // namespace timbre::loss
