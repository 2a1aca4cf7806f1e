#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/batch.h"
#include "core/loss/objective.h"
#include "core/train/branch.h"
#include "core/train/optimizer.h"
#include "core/train/training_config.h"

namespace timbre::train {

// The figures of one update; where several batches were accumulated, their means.
struct UpdateFigures {
  double loss = 0;
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;
  loss::SpreadDiagnostics spread;
  std::map<std::string, double> diagnostics;  // of the objective
};

// All that is learned and what it is learned with. Threads: compatible.
class Learner {
 public:
  // Encoder, projector and objective with weights drawn from config.seed, on the device, in train mode.
  // Errors: kInvalidArgument config · as model::ChooseDevice.
  static absl::StatusOr<std::unique_ptr<Learner>> Create(const TrainingConfig& config,
                                                         const RuntimeConfig& runtime);

  // Step `step` (0-based) from its batches, optimizer.accumulation_steps of them: of each, forward of each
  // view on its own, loss, backward; then one move of the optimiser, and the slow copies follow. When loss or
  // gradient is not finite the weights stay as they are (the figures say it; BatchNorm's statistics have seen
  // the batch). Throws what LibTorch throws.
  UpdateFigures Update(int64_t step, const std::vector<dataset::ViewBatch>& batches);

  std::string description() const;  // "cpu, bf16, timbre"
  double chance_loss() const { return objective_->chance_loss(config_.batch_tracks, config_.views); }
  int64_t window_samples() const { return online_.encoder->window_samples(); }

  // What is published: the moving average if the config asks for one, else the weights themselves.
  const Branch& published() const { return average_ ? *average_ : online_; }

  // Weights, BatchNorm buffers, slow copies, optimiser and random state. Throw what LibTorch throws.
  void Save(torch::serialize::OutputArchive& archive) const;
  void Load(torch::serialize::InputArchive& archive);

 private:
  Learner(const TrainingConfig& config, torch::Device device, bool bf16);

  absl::Status ChooseEngine(const RuntimeConfig& runtime);
  absl::StatusOr<Branch> MakeCopy() const;
  torch::Tensor Project(Branch& branch, const torch::Tensor& windows) const;
  void Accumulate(const dataset::ViewBatch& batch, double share, UpdateFigures& figures);
  void Move(int64_t step, const UpdateFigures& figures);

  const TrainingConfig config_;
  const torch::Device device_;
  const bool bf16_;
  torch::Generator generator_;
  Branch online_;
  std::optional<Branch> target_;   // of objectives that want one
  std::optional<Branch> average_;  // with ema_decay
  std::shared_ptr<loss::Objective> objective_;
  std::vector<torch::Tensor> parameters_;
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace timbre::train
