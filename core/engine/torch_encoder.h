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
};

// The LibTorch engine. Errors: kInvalidArgument tensors that do not fit the architecture · as
// model::ChooseDevice.
absl::StatusOr<std::shared_ptr<Encoder>> MakeTorchEncoder(const weights::TensorMap& tensors,
                                                          const TorchEncoderOptions& options);

// An encoder of the same architecture with fresh, seeded weights, fp32: the untrained baseline of a probe.
absl::StatusOr<std::shared_ptr<Encoder>> MakeUntrainedTorchEncoder(uint64_t seed,
                                                                   const TorchEncoderOptions& options);

}  // namespace timbre::engine
