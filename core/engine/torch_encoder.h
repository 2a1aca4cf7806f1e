#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/engine/encoder.h"
#include "core/weights/tensor_file.h"

namespace timbre::engine {

struct TorchEncoderOptions {
  std::string architecture = "sample_cnn";
  std::string device = "auto";     // auto | cpu | cuda:N
  std::string precision = "fp32";  // fp32 | bf16 | auto
  int64_t max_batch = 16;          // more windows are encoded in pieces
  // Batches of 1, 2, 4, ... max_batch windows alone, filled up with silence: a GPU's libraries choose their
  // kernels anew for each size that they see. Always so on a GPU.
  bool fixed_batches = false;
  // Where the embedding is taken: weights/embedding_layer.h. Other layers than "encoder" need the projector.
  std::string embedding_layer = "encoder";
};

// The LibTorch engine. Errors: kInvalidArgument tensors that do not fit the architecture, or a layer that
// the projector does not have · as model::ChooseDevice.
absl::StatusOr<std::shared_ptr<Encoder>> MakeTorchEncoder(const weights::TensorMap& tensors,
                                                          const TorchEncoderOptions& options,
                                                          const weights::TensorMap& projector = {});

}  // namespace timbre::engine
