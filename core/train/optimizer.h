#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "core/train/training_config.h"

namespace timbre::train {

// Moves parameters against their gradients. Parameters without a gradient stay. The learning rate comes with
// each step: schedules live outside. All functions throw what LibTorch throws. Threads: compatible.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  virtual void Step(double learning_rate) = 0;

  // The moments; Load takes those of an optimiser of the same kind over the same parameters.
  virtual void Save(torch::serialize::OutputArchive& archive) const = 0;
  virtual void Load(torch::serialize::InputArchive& archive) = 0;
};

// Adam, AdamW and SGD are LibTorch's; LARS is in lars.h.
std::unique_ptr<Optimizer> MakeOptimizer(const OptimizerConfig& config,
                                         const std::vector<torch::Tensor>& parameters);

// The L2 norm of all gradients together.
double GradientNorm(const std::vector<torch::Tensor>& parameters);

// Scales the gradients to an L2 norm of `max_norm` if they have more; `norm` is what they have.
void ClipGradients(const std::vector<torch::Tensor>& parameters, double norm, double max_norm);

// Forgets all gradients.
void ClearGradients(const std::vector<torch::Tensor>& parameters);

}  // namespace timbre::train
