#pragma once

#include "core/loss/objective.h"

namespace timbre::loss {

// Normalised temperature-scaled cross entropy (SimCLR: Chen et al. 2020, eq. 1), for M = 2 views:
//   l(i) = -log( exp(s(i,i+)/t) / sum_{k != i} exp(s(i,k)/t) ), s = cosine similarity, mean over all 2N rows.
// By log-sum-exp with the row itself masked out, in fp32 also under autocast: no overflow at any temperature.
// At most 2N-1 candidates look alike: ln(2N-1) when nothing is learned.
// Diagnostics: positive_similarity, negative_similarity (mean cosines), retrieval_accuracy (share of rows
// whose nearest other row is the other view). Shapes: views [2, N, d]; throws for another number of views.
class NtXent final : public Objective {
 public:
  explicit NtXent(double temperature) : temperature_(temperature) {}
  ObjectiveOutput Compute(const ObjectiveInput& input) override;
  double chance_loss(int64_t tracks) const override;

 private:
  const double temperature_;
};

}  // namespace timbre::loss
