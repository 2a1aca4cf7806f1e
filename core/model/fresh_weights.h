#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/weights/tensor_file.h"

// Torch-free: the weights of networks that have learned nothing. The same seed gives the same.
namespace timbre::model {

// Of an encoder, by PyTorch's default initialisation. Errors: kInvalidArgument unknown architecture.
absl::StatusOr<weights::TensorMap> FreshEncoder(const std::string& architecture, uint64_t seed);

// Of a projector as wide and deep as this one. Errors: kInvalidArgument tensors that no projector has.
absl::StatusOr<weights::TensorMap> FreshProjector(const weights::TensorMap& projector, uint64_t seed);

}  // namespace timbre::model
