#include "core/train/optimizer.h"

#include "core/train/lars.h"

namespace timbre::train {
namespace {

template <typename Algorithm, typename Options>
class TorchOptimizer final : public Optimizer {
 public:
  TorchOptimizer(const std::vector<torch::Tensor>& parameters, const Options& options)
      : algorithm_(parameters, options) {}

  void Step(double learning_rate) override {
    for (auto& group : algorithm_.param_groups()) group.options().set_lr(learning_rate);
    algorithm_.step();
  }
  void Save(torch::serialize::OutputArchive& archive) const override { algorithm_.save(archive); }
  void Load(torch::serialize::InputArchive& archive) override { algorithm_.load(archive); }

 private:
  Algorithm algorithm_;
};

}  // namespace

std::unique_ptr<Optimizer> MakeOptimizer(const OptimizerConfig& config,
                                         const std::vector<torch::Tensor>& parameters) {
  const double rate = config.learning_rate;
  const auto betas = std::make_tuple(config.beta1, config.beta2);
  switch (config.kind) {
    case OptimizerKind::kAdam:
      return std::make_unique<TorchOptimizer<torch::optim::Adam, torch::optim::AdamOptions>>(
          parameters,
          torch::optim::AdamOptions(rate).betas(betas).eps(config.epsilon).weight_decay(config.weight_decay));
    case OptimizerKind::kAdamW:
      return std::make_unique<TorchOptimizer<torch::optim::AdamW, torch::optim::AdamWOptions>>(
          parameters, torch::optim::AdamWOptions(rate)
                          .betas(betas)
                          .eps(config.epsilon)
                          .weight_decay(config.weight_decay));
    case OptimizerKind::kSgd:
      return std::make_unique<TorchOptimizer<torch::optim::SGD, torch::optim::SGDOptions>>(
          parameters, torch::optim::SGDOptions(rate)
                          .momentum(config.momentum)
                          .nesterov(config.nesterov)
                          .weight_decay(config.weight_decay));
    case OptimizerKind::kLars:
      break;
  }
  return std::make_unique<Lars>(config, parameters);
}

double GradientNorm(const std::vector<torch::Tensor>& parameters) {
  std::vector<torch::Tensor> norms;
  for (const torch::Tensor& parameter : parameters) {
    if (parameter.grad().defined()) norms.push_back(parameter.grad().norm());
  }
  return norms.empty() ? 0 : torch::stack(norms).norm().item<double>();
}

void ClipGradients(const std::vector<torch::Tensor>& parameters, double norm, double max_norm) {
  if (norm <= max_norm) return;
  for (const torch::Tensor& parameter : parameters) {
    if (parameter.grad().defined()) parameter.mutable_grad().mul_(max_norm / norm);
  }
}

void ClearGradients(const std::vector<torch::Tensor>& parameters) {
  for (const torch::Tensor& parameter : parameters) parameter.mutable_grad() = torch::Tensor();
}

}  // namespace timbre::train
