#include "core/loss/align_uniform.h"

#include <cmath>

#include "core/loss/candidates.h"

namespace timbre::loss {
namespace {

constexpr double kSquareFloor = 1e-12;  // a power below 1 of 0 has no gradient

}  // namespace

torch::Tensor Uniformity(const torch::Tensor& unit_rows, double scale) {
  const int64_t count = unit_rows.size(0);
  const torch::Tensor pairs = torch::triu_indices(
      count, count, /*offset=*/1, torch::TensorOptions(torch::kLong).device(unit_rows.device()));
  // Of unit rows: the squared distance is 2 - 2 <xi, xj>.
  const torch::Tensor cosines = unit_rows.matmul(unit_rows.t()).index({pairs[0], pairs[1]});
  return torch::logsumexp(-scale * (2 - 2 * cosines), 0) - std::log(static_cast<double>(cosines.numel()));
}

ObjectiveOutput AlignUniform::Loss(const ObjectiveInput& input) {
  const torch::Tensor unit = UnitRows(input.views);
  const torch::Tensor squares = (unit[0] - unit[1]).pow(2).sum(1);
  const torch::Tensor alignment = squares.clamp_min(kSquareFloor).pow(config_.alignment_power / 2).mean();
  const torch::Tensor uniformity =
      (Uniformity(unit[0], config_.uniformity_scale) + Uniformity(unit[1], config_.uniformity_scale)) / 2;

  ObjectiveOutput out;
  out.loss = alignment + config_.uniformity_weight * uniformity;
  out.diagnostics = {{"alignment", alignment.item<double>()}, {"uniformity", uniformity.item<double>()}};
  return out;
}

}  // namespace timbre::loss
