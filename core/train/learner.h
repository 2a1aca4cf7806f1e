#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/dataset/batch.h"
#include "core/loss/objective.h"
#include "core/model/encoder_module.h"
#include "core/train/training_config.h"

namespace timbre::train {

// The figures of one update.
struct UpdateFigures {
  double loss = 0;
  double gradient_norm = 0;
  loss::SpreadDiagnostics spread;
};

// All that is learned and what it is learned with. Threads: compatible.
class Learner {
 public:
  // Encoder, projector and objective with weights drawn from config.seed, on the device, in train mode.
  // Errors: kInvalidArgument config · as model::ChooseDevice.
  static absl::StatusOr<std::unique_ptr<Learner>> Create(const TrainingConfig& config,
                                                         const RuntimeConfig& runtime);

  // Forward of each view on its own, loss, backward, one step of Adam. When loss or gradient is not finite
  // the weights stay as they are (the figures say it; BatchNorm's statistics have seen the batch). Throws
  // what LibTorch throws.
  UpdateFigures Update(const dataset::ViewBatch& batch);

  std::string description() const;  // "cpu, bf16"
  double chance_loss() const { return objective_->chance_loss(config_.batch_tracks, /*views=*/2); }
  int64_t window_samples() const { return encoder_->window_samples(); }
  const model::EncoderModule& encoder() const { return *encoder_; }
  const model::ProjectorImpl& projector() const { return *projector_; }

  // Weights, BatchNorm buffers, optimiser and random state. Throw what LibTorch throws.
  void Save(torch::serialize::OutputArchive& archive) const;
  void Load(torch::serialize::InputArchive& archive);

 private:
  Learner(const TrainingConfig& config, torch::Device device, bool bf16);

  torch::Tensor Project(const torch::Tensor& view);
  double GradientNorm() const;

  const TrainingConfig config_;
  const torch::Device device_;
  const bool bf16_;
  std::shared_ptr<model::EncoderModule> encoder_;
  model::Projector projector_{nullptr};
  std::shared_ptr<loss::Objective> objective_;
  std::unique_ptr<torch::optim::Adam> optimizer_;
  torch::Generator generator_;
};

}  // namespace timbre::train
