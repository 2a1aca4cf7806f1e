#include "core/loss/barlow_twins.h"

namespace timbre::loss {
namespace {

constexpr double kVarianceFloor = 1e-5;

}  // namespace

ObjectiveOutput BarlowTwins::Loss(const ObjectiveInput& input) {
  const torch::Tensor centred = input.views - input.views.mean(1, /*keepdim=*/true);
  const torch::Tensor scaled = centred / (centred.pow(2).mean(1, /*keepdim=*/true) + kVarianceFloor).sqrt();
  const torch::Tensor correlation =
      scaled[0].t().matmul(scaled[1]) / static_cast<double>(input.views.size(1));
  const torch::Tensor on_diagonal = (correlation.diagonal() - 1).pow(2).sum();
  const torch::Tensor off_diagonal = correlation.pow(2).sum() - correlation.diagonal().pow(2).sum();

  ObjectiveOutput out;
  out.loss = on_diagonal + config_.redundancy_weight * off_diagonal;
  out.diagnostics = {{"on_diagonal", on_diagonal.item<double>()},
                     {"off_diagonal", off_diagonal.item<double>()}};
  return out;
}

}  // namespace timbre::loss
