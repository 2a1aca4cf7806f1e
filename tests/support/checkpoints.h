#pragma once

// Checkpoints as other programs write them, made of the hashed weights.

#include <string>

#include "core/weights/tensor_file.h"
#include "tests/support/hashed_weights.h"

namespace timbre::testing {

// The tensors with `prefix` before each name.
inline weights::TensorMap Prefixed(const weights::TensorMap& tensors, const std::string& prefix) {
  weights::TensorMap prefixed;
  for (const auto& [name, tensor] : tensors) prefixed[prefix + name] = tensor;
  return prefixed;
}

// conv{n}.* -> sequential.{n-1}.*
inline weights::TensorMap ClmrNames(const weights::TensorMap& tensors) {
  weights::TensorMap renamed;
  for (const auto& [name, tensor] : tensors) {
    const size_t dot = name.find('.');
    renamed["sequential." + std::to_string(std::stoi(name.substr(4, dot - 4)) - 1) + name.substr(dot)] =
        tensor;
  }
  return renamed;
}

inline weights::TensorMap HashedProjector(bool bias, int64_t out = 64) {
  weights::TensorMap projector;
  projector["0.weight"] = HashedTensor({512, 512}, "projector.0.weight", 0.1);
  projector["2.weight"] = HashedTensor({out, 512}, "projector.2.weight", 0.1);
  if (bias) {
    projector["0.bias"] = HashedTensor({512}, "projector.0.bias", 0.1);
    projector["2.bias"] = HashedTensor({out}, "projector.2.bias", 0.1);
  }
  return projector;
}

// HashedSampleCnn with the centre tap alone in the last block, as Timbre keeps it.
inline weights::TensorMap HashedTimbreEncoder() {
  weights::TensorMap encoder = HashedSampleCnn();
  weights::Tensor& last = encoder.at("conv11.0.weight");
  weights::Tensor centre{.shape = {512, 512, 1}, .values = {}};
  for (size_t i = 1; i < last.values.size(); i += 3) centre.values.push_back(last.values[i]);
  last = centre;
  return encoder;
}

inline weights::TensorMap Joined(weights::TensorMap a, const weights::TensorMap& b) {
  a.insert(b.begin(), b.end());
  return a;
}

}  // namespace timbre::testing
