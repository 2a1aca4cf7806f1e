#include "core/loss/byol.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace timbre::loss {

Byol::Byol(const ByolConfig& config, const PredictorOptions& predictor)
    : ema_base_(config.ema_base), predictor_(register_module("predictor", Predictor(predictor))) {}

ObjectiveOutput Byol::Loss(const ObjectiveInput& input) {
  const torch::Tensor cosines = CrossPrediction(predictor_, input.views, input.target);
  ObjectiveOutput out;
  out.loss = (2 - 2 * cosines).sum();
  out.diagnostics["positive_similarity"] = cosines.mean().item<double>();
  return out;
}

double Byol::target_momentum(int64_t step, int64_t steps) const {
  const double done = std::clamp(static_cast<double>(step) / static_cast<double>(steps), 0.0, 1.0);
  return 1 - (1 - ema_base_) * (std::cos(std::numbers::pi * done) + 1) / 2;
}

}  // namespace timbre::loss
