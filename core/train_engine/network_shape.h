#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::train_engine {

// One block: convolution -> BatchNorm [-> max over 3 frames, stride 3] -> relu [-> dropout].
struct BlockShape {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 0;
  int64_t frames = 0;  // of one window that the convolution gives
  bool pool = false;

  int64_t rows_out() const { return pool ? frames / 3 : frames; }
  int64_t weight_size() const { return in_channels * out_channels * kernel; }
};

// SampleCNN: a first block of kernel 3, stride 3 and one input channel, at least one block of kernel 3 with
// pool, and a last one of kernel 1 that sees one frame.
struct NetworkShape {
  int64_t window_samples = 0;
  std::vector<BlockShape> blocks;

  int64_t embedding_dim() const { return blocks.back().out_channels; }
};

// From the shapes [out, in, kernel] of the convolutions' weights. Errors: kInvalidArgument what is no
// SampleCNN (which block, and why), channels that are no multiple of 16.
absl::StatusOr<NetworkShape> ShapeOf(std::span<const std::array<int64_t, 3>> weight_shapes);

}  // namespace timbre::train_engine
