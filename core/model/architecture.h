#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

// Torch-free: what may be asked for by name.
namespace timbre::model {

// The architectures MakeEncoder knows: "sample_cnn", and "sample_cnn_tiny", the same with an eighth of the
// channels, for trials and tests: 50 times less work, embeddings of little use.
std::vector<std::string> KnownArchitectures();

// Numbers in the embedding of an architecture. Errors: kInvalidArgument unknown (lists the known).
absl::StatusOr<int64_t> EmbeddingDim(const std::string& architecture);

// How the weights of an encoder's convolutions are drawn: PyTorch's default U(+-1/sqrt(fan_in)), or Kaiming's
// U(+-sqrt(6/fan_in)) as CLMR's first version (He et al. 2015, for ReLU). Biases keep the default.
enum class Initialization { kPytorch, kKaiming };

}  // namespace timbre::model
