#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/train_engine/batch_norm.h"
#include "core/train_engine/matmul.h"
#include "core/train_engine/network_shape.h"
#include "core/train_engine/pooled_block.h"

namespace timbre::train_engine {

// The last block: one frame a window, kernel 1, no pool, so three small products, in fp32 whatever the
// precision of the others. Threads: const and shared.
class LastBlock {
 public:
  explicit LastBlock(const BlockShape& shape);

  // What forward keeps for backward.
  struct Tape {
    std::vector<float> inputs;  // [windows, in], after relu and dropout
    std::vector<float> frames;  // [windows, out]
    Normalisation norm;
  };

  // inputs (of tape) -> out [windows, out]; `mask` of this block's dropout, or none.
  absl::Status Forward(Lane& lane, const BlockParameters& parameters, const float* mask, Tape& tape,
                       float* out) const;

  // gradient [windows, out] -> the gradient at the inputs [windows, in], and those of the parameters.
  struct BackwardCall {
    const float* weight = nullptr;
    const float* mask = nullptr;
    const float* gradient = nullptr;
  };
  absl::Status Backward(Lane& lane, const BackwardCall& call, const Tape& tape,
                        const BlockGradients& gradients, std::vector<float>& input_gradient) const;

 private:
  const BlockShape shape_;
  const Matmul forward_, backward_, weight_;
};

}  // namespace timbre::train_engine
