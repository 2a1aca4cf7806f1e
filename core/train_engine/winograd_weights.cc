#include "core/train_engine/winograd_weights.h"

#include <array>
#include <vector>

namespace timbre::train_engine {

void TransformWeights(const BlockShape& block, const float* weight, int64_t begin, int64_t end, float* out) {
  const int64_t plane = block.in_channels * block.out_channels;
  for (int64_t i = begin * block.in_channels; i < end * block.in_channels; ++i) {
    const float w0 = weight[3 * i], w1 = weight[3 * i + 1], w2 = weight[3 * i + 2];
    out[i] = w0 / 2;
    out[i + plane] = -(w0 + w1 + w2) / 2;
    out[i + 2 * plane] = (w1 - w0 - w2) / 6;
    out[i + 3 * plane] = (w0 + 2 * w1 + 4 * w2) / 6;
    out[i + 4 * plane] = w2;
  }
}

void TransformGradients(const BlockShape& block, std::span<const float* const> parts, int64_t begin,
                        int64_t end, float* gradient) {
  const int64_t channels = block.in_channels, plane = channels * block.out_channels;
  std::array<std::vector<float>, kProducts> sums;
  for (int64_t o = begin; o < end; ++o) {
    for (int64_t j = 0; j < kProducts; ++j) {
      std::vector<float>& sum = sums[static_cast<size_t>(j)];
      sum.assign(static_cast<size_t>(channels), 0);
      for (const float* part : parts) {
        const float* from = part + j * plane + o * channels;
        for (int64_t i = 0; i < channels; ++i) sum[static_cast<size_t>(i)] += from[i];
      }
    }
    float* to = gradient + o * channels * 3;
    for (int64_t i = 0; i < channels; ++i) {
      const auto at = static_cast<size_t>(i);
      const float g0 = sums[0][at], g1 = sums[1][at] / 2, g2 = sums[2][at] / 6, g3 = sums[3][at] / 6;
      to[3 * i] = g0 / 2 - g1 - g2 + g3;
      to[3 * i + 1] = g2 - g1 + 2 * g3;
      to[3 * i + 2] = 4 * g3 - g1 - g2 + sums[4][at];
    }
  }
}

}  // namespace timbre::train_engine
