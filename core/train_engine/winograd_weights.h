#pragma once

#include <cstdint>
#include <span>

#include "core/train_engine/network_shape.h"

// The weights of a pooled block for F(3,3), as core/engine/winograd.h has it: G w, and its transpose for
// gradients.
namespace timbre::train_engine {

inline constexpr int64_t kProducts = 5;

// Output channels [begin, end) of weight [out, in, 3] -> [5][out, in].
void TransformWeights(const BlockShape& block, const float* weight, int64_t begin, int64_t end, float* out);

// Output channels [begin, end) of the sum of the parts [5][out, in], added up in their order -> [out, in, 3].
void TransformGradients(const BlockShape& block, std::span<const float* const> parts, int64_t begin,
                        int64_t end, float* gradient);

}  // namespace timbre::train_engine
