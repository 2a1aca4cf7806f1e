#include "core/loss/poly_view.h"

#include <cmath>

#include "core/loss/candidates.h"

namespace timbre::loss {
namespace {

// [R, R] cosines of each row with the means of every clip's views but one (rows of the same order).
torch::Tensor SimilarityToRests(const torch::Tensor& views) {
  const torch::Tensor unit = UnitRows(views);
  const torch::Tensor rests = (unit.sum(0, /*keepdim=*/true) - unit) / static_cast<double>(views.size(0) - 1);
  const int64_t rows = views.size(0) * views.size(1);
  return unit.reshape({rows, -1}).matmul(rests.reshape({rows, -1}).t());
}

}  // namespace

ObjectiveOutput PolyView::Loss(const ObjectiveInput& input) {
  const auto others = static_cast<double>(input.views.size(0) - 1);
  const Candidates candidates = Compare(input, config_.mask_same_track);
  ObjectiveOutput out;
  AddDiagnostics(candidates, out);
  if (config_.method == PolyViewMethod::kSufficientStatistics) {
    const torch::Tensor scores = SimilarityToRests(input.views) / config_.temperature;
    out.loss = SoftPlus(NegativeLogSum(candidates, scores) - scores.diagonal()).mean();
    return out;
  }
  const torch::Tensor scores = candidates.cosines / config_.temperature;
  const torch::Tensor losses =  // [R, M-1]: -log p
      SoftPlus(NegativeLogSum(candidates, scores).unsqueeze(1) - PositiveScores(candidates, scores));
  out.loss = config_.method == PolyViewMethod::kGeometric
                 ? losses.mean()
                 : (std::log(others) - torch::logsumexp(-losses, 1)).mean();
  return out;
}

double PolyView::chance_loss(int64_t tracks, int64_t views) const {
  return std::log(1.0 + static_cast<double>((tracks - 1) * views));
}

}  // namespace timbre::loss
