#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "core/probe/head_fit.h"
#include "core/probe/probe_config.h"
#include "core/weights/tag_head.h"

namespace timbre::probe {

// A head while it is fitted: weights and biases of one or two layers on the CPU, in the type of the fit.
// Threads: compatible.
class HeadModule {
 public:
  HeadModule(const ProbeConfig& config, int64_t dim, int64_t tags, torch::ScalarType type);

  // x [count, dim] -> logits [count, tags]. With `mask` [count, hidden], hidden units are multiplied by it.
  torch::Tensor Logits(const torch::Tensor& x, const torch::Tensor& mask = {}) const;

  // Sum of the squared weights.
  torch::Tensor SquaredWeights() const;

  // Leaves of the graph: weight, bias of each layer.
  const std::vector<torch::Tensor>& parameters() const { return parameters_; }

  weights::TagHead Export() const;

 private:
  std::vector<torch::Tensor> parameters_;
};

// Clips as tensors, and the score of a head on them. Shapes: x [count, dim], y [count, tags].
class ClipTensors {
 public:
  ClipTensors(const LabeledFeatures& clips, const HeadFitInput& input, torch::ScalarType type);

  ValidationScore Score(const HeadModule& head) const;

  const torch::Tensor& x() const { return x_; }
  const torch::Tensor& y() const { return y_; }

 private:
  torch::Tensor x_, y_;
  std::vector<uint8_t> labels_by_tag_;
};

// The two fits behind FitHead; head_fit.h says what they do. Exceptions of LibTorch pass through.
absl::StatusOr<HeadFit> FitByAdam(const HeadFitInput& input, const ProbeConfig& config,
                                  const base::CancelToken& cancel,
                                  const std::function<void(int64_t)>& on_epoch);
absl::StatusOr<HeadFit> FitByLbfgs(const HeadFitInput& input, const ProbeConfig& config,
                                   const base::CancelToken& cancel,
                                   const std::function<void(int64_t)>& on_epoch);

}  // namespace timbre::probe
