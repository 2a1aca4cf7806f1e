#pragma once

#include <vector>

#include "core/train/optimizer.h"

namespace timbre::train {

// Layer-wise adaptive rate scaling (You, Gitman, Ginsburg 2017) in the form of SimCLR's implementation:
//   g += weight_decay * w;  trust = |w| > 0 and |g| > 0 ? trust_coefficient * |w| / |g| : 1
//   v = momentum * v + learning_rate * trust * g
//   w -= nesterov ? momentum * v + learning_rate * trust * g : v
// Biases and BatchNorm's weights (parameters of one dimension) get neither weight decay nor trust.
class Lars final : public Optimizer {
 public:
  Lars(const OptimizerConfig& config, const std::vector<torch::Tensor>& parameters);
  void Step(double learning_rate) override;
  void Save(torch::serialize::OutputArchive& archive) const override;
  void Load(torch::serialize::InputArchive& archive) override;

 private:
  const OptimizerConfig config_;
  const std::vector<torch::Tensor> parameters_;
  std::vector<torch::Tensor> velocities_;
};

}  // namespace timbre::train
