#include "core/train/lars.h"

#include <string>

namespace timbre::train {

Lars::Lars(const OptimizerConfig& config, const std::vector<torch::Tensor>& parameters)
    : config_(config), parameters_(parameters) {
  for (const torch::Tensor& parameter : parameters_) velocities_.push_back(torch::zeros_like(parameter));
}

void Lars::Step(double learning_rate) {
  torch::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor parameter = parameters_[i];
    torch::Tensor gradient = parameter.grad();
    if (!gradient.defined()) continue;
    if (parameter.dim() > 1) {
      gradient = gradient + config_.weight_decay * parameter;
      const torch::Tensor length = parameter.norm();
      const torch::Tensor slope = gradient.norm();
      // As tensors: asking a GPU for each norm's value would stop it for every layer.
      const torch::Tensor trust =
          torch::where((length > 0).logical_and(slope > 0), config_.trust_coefficient * length / slope,
                       torch::ones_like(length));
      gradient = gradient * trust;
    }
    const torch::Tensor move = learning_rate * gradient;
    torch::Tensor& velocity = velocities_[i];
    velocity.mul_(config_.momentum).add_(move);
    parameter.sub_(config_.nesterov ? config_.momentum * velocity + move : velocity);
  }
}

void Lars::Save(torch::serialize::OutputArchive& archive) const {
  for (size_t i = 0; i < velocities_.size(); ++i) {
    archive.write("velocity" + std::to_string(i), velocities_[i], /*is_buffer=*/true);
  }
}

void Lars::Load(torch::serialize::InputArchive& archive) {
  torch::NoGradGuard no_grad;
  for (size_t i = 0; i < velocities_.size(); ++i) {
    torch::Tensor saved;
    archive.read("velocity" + std::to_string(i), saved, /*is_buffer=*/true);
    velocities_[i].copy_(saved);
  }
}

}  // namespace timbre::train
