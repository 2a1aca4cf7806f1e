#pragma once

// The weights of tests/golden/sample_cnn/make_golden.py, by the same formula: no file needed.

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/weights/tensor_file.h"

namespace timbre::testing {

// Value i in [-1, 1): murmur3's finaliser over i and the FNV-1a hash of `name`.
inline std::vector<float> HashedUniform(size_t count, std::string_view name, double scale,
                                        double offset = 0) {
  uint32_t salt = 2166136261U;
  for (unsigned char byte : name) salt = (salt ^ byte) * 16777619U;
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    uint32_t h = static_cast<uint32_t>(i) * 2654435761U + salt;
    h ^= h >> 16;
    h *= 0x85EBCA6BU;
    h ^= h >> 13;
    h *= 0xC2B2AE35U;
    h ^= h >> 16;
    values[i] = static_cast<float>(offset + scale * (h / 2147483648.0 - 1.0));
  }
  return values;
}

inline weights::Tensor HashedTensor(const std::vector<int64_t>& shape, const std::string& name, double scale,
                                    double offset = 0) {
  weights::Tensor tensor{.shape = shape, .values = {}};
  tensor.values = HashedUniform(static_cast<size_t>(tensor.size()), name, scale, offset);
  return tensor;
}

// A SampleCNN checkpoint as the tutorial writes it: the last block's kernel is 3.
inline weights::TensorMap HashedSampleCnn() {
  constexpr int64_t kChannels[] = {1, 128, 128, 128, 256, 256, 256, 256, 256, 256, 512, 512};
  weights::TensorMap tensors;
  const auto add = [&](const std::string& name, const std::vector<int64_t>& shape, double scale,
                       double offset) { tensors[name] = HashedTensor(shape, name, scale, offset); };
  for (int block = 1; block <= 11; ++block) {
    const int64_t in = kChannels[block - 1], out = kChannels[block];
    const std::string prefix = "conv" + std::to_string(block) + ".";
    const double bound = 1.5 / std::sqrt(3.0 * static_cast<double>(in));
    add(prefix + "0.weight", {out, in, 3}, bound, 0);
    add(prefix + "0.bias", {out}, bound, 0);
    add(prefix + "1.weight", {out}, 0.5, 1);
    add(prefix + "1.bias", {out}, 0.1, 0);
    add(prefix + "1.running_mean", {out}, 0.1, 0);
    add(prefix + "1.running_var", {out}, 0.5, 1);
  }
  return tensors;
}

}  // namespace timbre::testing
