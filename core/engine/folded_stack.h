#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/weights/tensor_file.h"

namespace timbre::engine {

// One convolution with its BatchNorm folded in: out = relu(pool(conv(x) + bias)). In eval mode BatchNorm is a
// scale and a shift per channel, so folding is exact whatever the scale's sign.
struct FoldedLayer {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 0;           // 3, or 1
  int64_t rows_in = 0;          // frames of one window that come in
  bool pool = false;            // max over 3 frames, stride 3; then rows_in is a multiple of 3
  std::vector<float> weight{};  // [kernel, in_channels, out_channels]
  std::vector<float> bias{};    // [out_channels]

  int64_t rows_out() const { return pool ? rows_in / 3 : rows_in; }
};

// SampleCNN as a chain of such layers. The first one has kernel 3, stride 3 and one input channel, the others
// stride 1 and "same" padding. Depth and channels come from the tensors.
struct FoldedStack {
  int64_t window_samples = 0;
  FoldedLayer first;                // of samples: rows_in = rows_out = window_samples / 3
  std::vector<FoldedLayer> layers;  // the last one leaves one frame
  int64_t embedding_dim() const { return layers.back().out_channels; }
};

// Takes the tensors of model::SampleCnn (conv{n}.0.*, conv{n}.1.*); of a last block with kernel 3 the centre
// tap. Errors: kInvalidArgument a tensor is missing or of another shape (which), or channels that are no
// multiple of 16.
absl::StatusOr<FoldedStack> FoldSampleCnn(const weights::TensorMap& tensors);

// Some of a layer's output channels.
struct Channels {
  int64_t begin = 0;
  int64_t count = 0;
};
// The layer that computes those, but for its weights.
FoldedLayer SliceOf(const FoldedLayer& layer, Channels channels);

// Direct convolutions of one window: multiply-adds times two, as everybody counts them.
double FlopPerWindow(const FoldedStack& stack);

}  // namespace timbre::engine
