#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/weights/tensor_file.h"

namespace timbre::weights {

// Which layer's output is the embedding: "encoder", or "projector.K", the output of the projector's layer K
// (1 is the first), its ReLU included. Early layers tend to serve better than the one that the loss sees
// (Bordes et al. 2022, "Guillotine regularization").
inline constexpr char kEncoderLayer[] = "encoder";

// 0 for the encoder, K for projector.K. Errors: kInvalidArgument another text.
absl::StatusOr<int64_t> ParseEmbeddingLayer(const std::string& layer);

// The widths of a projector by its tensors: [in, layer 1, ..., layer L]. Errors: kInvalidArgument tensors that
// no projector has (its Linear layers are the two-dimensional "N.weight", in the order of N).
absl::StatusOr<std::vector<int64_t>> ProjectorDims(const TensorMap& projector);

// Numbers in an embedding taken at `layer`. Errors: kInvalidArgument not of that form, or a layer that the
// projector does not have (says which there are).
absl::StatusOr<int64_t> LayerDim(const std::string& layer, int64_t encoder_dim, const TensorMap& projector);

}  // namespace timbre::weights
