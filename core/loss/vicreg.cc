#include "core/loss/vicreg.h"

namespace timbre::loss {
namespace {

constexpr double kVarianceFloor = 1e-4;

}  // namespace

ObjectiveOutput VicReg::Loss(const ObjectiveInput& input) {
  const auto clips = static_cast<double>(input.views.size(1));
  const auto dim = static_cast<double>(input.views.size(2));
  const torch::Tensor invariance = (input.views[0] - input.views[1]).pow(2).mean();

  const torch::Tensor centred = input.views - input.views.mean(1, /*keepdim=*/true);
  const torch::Tensor covariances = centred.transpose(1, 2).matmul(centred) / (clips - 1);  // [2, d, d]
  const torch::Tensor variances = covariances.diagonal(0, 1, 2);
  const torch::Tensor variance = torch::relu(1 - torch::sqrt(variances + kVarianceFloor)).mean();
  const torch::Tensor covariance = (covariances.pow(2).sum() - variances.pow(2).sum()) / dim;

  ObjectiveOutput out;
  out.loss = config_.invariance_weight * invariance + config_.variance_weight * variance +
             config_.covariance_weight * covariance;
  out.diagnostics = {{"invariance", invariance.item<double>()},
                     {"variance", variance.item<double>()},
                     {"covariance", covariance.item<double>()}};
  return out;
}

}  // namespace timbre::loss
