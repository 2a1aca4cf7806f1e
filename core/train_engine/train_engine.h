#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/train_engine/block_parameters.h"
#include "core/train_engine/network_shape.h"

namespace timbre::train_engine {

// A batch of windows on its way through the network. Lifetime: what it points at outlives Backward.
struct Batch {
  const float* windows = nullptr;  // [count, window_samples]
  int64_t count = 0;               // at least 2
  // One for each block: dropout's factors, 0 or 1 / keep, [count, rows_out, out_channels], or none.
  std::vector<const float*> masks = {};
};

// SampleCNN's forward and backward in training on the CPU, without LibTorch, by pool-fused Winograd
// convolutions (see ARCHITECTURE.md): BatchNorm by the batch's statistics, dropout where it is given masks.
// The engine has no weights of its own, so any number of networks of one shape can share one. Results are the
// same bits from run to run and for any number of threads: what is summed over windows is summed in shards
// that the batch alone decides. Threads: one call at a time.
class TrainEngine {
 public:
  struct Options {
    bool bf16 = false;  // operands of the products and what is kept; sums, statistics, weights: fp32
    int threads = 1;    // at least 1
  };
  // Whether it computes in bf16 here: on x86-64 from AVX-512 on.
  static bool RunsInBf16();
  static std::unique_ptr<TrainEngine> Create(const NetworkShape& shape, const Options& options);
  virtual ~TrainEngine() = default;

  // What a forward pass keeps for its backward pass; large. Destroying it instead is allowed.
  class Tape {
   public:
    virtual ~Tape() = default;
  };

  // Writes the embeddings [count, embedding_dim] to `out` and moves the running statistics. One parameter set
  // for each block. The tape is null unless `keep`. Errors: kInvalidArgument the number of
  // blocks, or of windows · kInternal oneDNN.
  virtual absl::StatusOr<std::unique_ptr<Tape>> Forward(std::span<const BlockParameters> parameters,
                                                        const Batch& batch, bool keep, float* out) = 0;

  // Writes the gradients of all parameters, as of the forward pass that kept the tape, for the gradient
  // [count, embedding_dim] at its embeddings. Errors: kInternal oneDNN.
  virtual absl::Status Backward(std::unique_ptr<Tape> tape, const Batch& batch, const float* gradient,
                                std::span<const BlockGradients> gradients) = 0;
};

}  // namespace timbre::train_engine
