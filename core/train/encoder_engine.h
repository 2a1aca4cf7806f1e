#pragma once

#include <torch/torch.h>

#include <memory>

#include "absl/status/statusor.h"
#include "core/model/encoder_module.h"
#include "core/train_engine/train_engine.h"

namespace timbre::train {

// The CPU's training engine in LibTorch's place: an encoder's forward pass in train mode, and its backward
// pass as one function of autograd. The tensors stay those of the encoder's module. One engine serves any
// number of encoders of one shape. Threads: one forward or backward at a time.
class EncoderEngine : public std::enable_shared_from_this<EncoderEngine> {
 public:
  // For encoders shaped like this one, on the CPU, with LibTorch's number of threads. Errors:
  // kInvalidArgument an encoder that is no SampleCNN, or of channels that the engine cannot take.
  static absl::StatusOr<std::shared_ptr<EncoderEngine>> Create(model::EncoderModule& encoder, bool bf16);

  // Shapes: [N, 1, T] -> [N, embedding_dim], fp32, N at least 2. Moves BatchNorm's running statistics and
  // draws dropout from the encoder's generator. `windows` must keep their numbers until backward, which may
  // run once. Throws what LibTorch throws.
  torch::Tensor Forward(model::EncoderModule& encoder, const torch::Tensor& windows);

 private:
  EncoderEngine(const train_engine::NetworkShape& shape, bool bf16);
  friend class EncodeFunction;

  const train_engine::NetworkShape shape_;
  const std::unique_ptr<train_engine::TrainEngine> engine_;
};

}  // namespace timbre::train
