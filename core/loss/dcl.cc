#include "core/loss/dcl.h"

#include <cmath>

#include "core/loss/candidates.h"

namespace timbre::loss {

ObjectiveOutput Dcl::Loss(const ObjectiveInput& input) {
  const int64_t clips = input.views.size(1);
  const Candidates candidates = Compare(input, mask_same_track_);
  const torch::Tensor cosine = PositiveScores(candidates, candidates.cosines).squeeze(1);
  torch::Tensor pull = cosine / temperature_;
  if (sigma_) {
    // Both directions of a clip have the same cosine, thus the same weight.
    const torch::Tensor share = torch::softmax(cosine.slice(0, 0, clips) / *sigma_, 0);
    pull = pull * (2 - static_cast<double>(clips) * share).repeat({2});
  }
  const torch::Tensor loss = NegativeLogSum(candidates, candidates.cosines / temperature_) - pull;
  ObjectiveOutput out;
  out.loss = loss.masked_fill(candidates.negatives.any(1).logical_not(), 0).mean();
  AddDiagnostics(candidates, out);
  return out;
}

double Dcl::chance_loss(int64_t tracks, int64_t /*views*/) const {
  return std::log(2.0 * static_cast<double>(tracks) - 2.0);
}

}  // namespace timbre::loss
