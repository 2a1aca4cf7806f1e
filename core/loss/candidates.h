#pragma once

#include <torch/torch.h>

#include "core/loss/objective.h"

namespace timbre::loss {

// Rows of the last dimension at length 1 (at most: rows shorter than 1e-8 stay short, with finite gradients).
torch::Tensor UnitRows(const torch::Tensor& values);

// What a contrastive objective compares: all rows of all views with each other, R = M * N rows, view by view.
struct Candidates {
  torch::Tensor cosines;    // [R, R]
  torch::Tensor positives;  // [R, R] bool: the other views of the row's clip
  torch::Tensor negatives;  // [R, R] bool: other clips; with mask_same_track of other tracks alone
};
Candidates Compare(const ObjectiveInput& input, bool mask_same_track);

// [R, M-1]: the scores of each row's other views, in the order of the views.
torch::Tensor PositiveScores(const Candidates& candidates, const torch::Tensor& scores);

// [R]: log sum exp of the scores of each row's negatives; of no negative a finite value so low that its exp
// is 0.
torch::Tensor NegativeLogSum(const Candidates& candidates, const torch::Tensor& scores);

// log(1 + exp(x)): -log( e^p / (e^p + e^n) ) of x = n - p, without overflow.
torch::Tensor SoftPlus(const torch::Tensor& x);

// positive_similarity, negative_similarity (mean cosines; the second only if there are negatives) and
// retrieval_accuracy (share of rows that lie nearer to a view of their own clip than to all negatives).
void AddDiagnostics(const Candidates& candidates, ObjectiveOutput& out);

}  // namespace timbre::loss
