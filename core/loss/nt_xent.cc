#include "core/loss/nt_xent.h"

#include <cmath>

#include "core/loss/candidates.h"

namespace timbre::loss {

ObjectiveOutput NtXent::Loss(const ObjectiveInput& input) {
  const Candidates candidates = Compare(input, config_.mask_same_track);
  const torch::Tensor scores = candidates.cosines / config_.temperature;
  const torch::Tensor positive = PositiveScores(candidates, scores).squeeze(1);
  ObjectiveOutput out;
  out.loss = SoftPlus(NegativeLogSum(candidates, scores) - positive).mean();
  AddDiagnostics(candidates, out);
  return out;
}

double NtXent::chance_loss(int64_t tracks, int64_t /*views*/) const {
  return std::log(2.0 * static_cast<double>(tracks) - 1.0);
}

}  // namespace timbre::loss
