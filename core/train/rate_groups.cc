#include "core/train/rate_groups.h"

#include <string>
#include <utility>

namespace timbre::train {
namespace {

// Parameters that share a rate.
struct Group {
  std::unique_ptr<Optimizer> optimizer;
  double multiple = 1;
  bool scheduled = true;
};

class RatedOptimizer final : public Optimizer {
 public:
  explicit RatedOptimizer(const OptimizerConfig& config) : config_(config) {}

  void Add(const std::vector<torch::Tensor>& parameters, bool scheduled) {
    std::vector<torch::Tensor> weights;
    std::vector<torch::Tensor> biases;
    for (const torch::Tensor& parameter : parameters) {
      (parameter.dim() > 1 ? weights : biases).push_back(parameter);
    }
    if (!weights.empty()) groups_.push_back({MakeOptimizer(config_, weights), 1, scheduled});
    if (!biases.empty())
      groups_.push_back({MakeOptimizer(config_, biases), config_.bias_rate_multiple, scheduled});
  }

  void Step(double learning_rate) override {
    for (Group& group : groups_) {
      group.optimizer->Step(group.multiple * (group.scheduled ? learning_rate : config_.learning_rate));
    }
  }
  void Save(torch::serialize::OutputArchive& archive) const override {
    for (size_t i = 0; i < groups_.size(); ++i) {
      torch::serialize::OutputArchive group(archive.compilation_unit());
      groups_[i].optimizer->Save(group);
      archive.write("group" + std::to_string(i), group);
    }
  }
  void Load(torch::serialize::InputArchive& archive) override {
    for (size_t i = 0; i < groups_.size(); ++i) {
      torch::serialize::InputArchive group;
      archive.read("group" + std::to_string(i), group);
      groups_[i].optimizer->Load(group);
    }
  }

 private:
  const OptimizerConfig config_;
  std::vector<Group> groups_;
};

}  // namespace

std::unique_ptr<Optimizer> MakeRatedOptimizer(const OptimizerConfig& config,
                                              const std::vector<torch::Tensor>& own,
                                              const std::vector<torch::Tensor>& predictor) {
  if (config.bias_rate_multiple == 1 && !config.constant_predictor_rate) {
    std::vector<torch::Tensor> all = own;
    all.insert(all.end(), predictor.begin(), predictor.end());
    return MakeOptimizer(config, all);
  }
  auto rated = std::make_unique<RatedOptimizer>(config);
  rated->Add(own, true);
  rated->Add(predictor, !config.constant_predictor_rate);
  return rated;
}

}  // namespace timbre::train
