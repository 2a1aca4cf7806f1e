#pragma once

#include <cstdint>

#include "core/engine/kernels.h"

// What training adds to the inference engine's vector kernels, in the same manner: rows of channels
// (time-major), channels a multiple of 16; T is float or Bf16; a span's `tiles` are pool windows, `plane` the
// numbers from one product's matrix to the next. The frames of a pool window are what the convolution gives
// (y); its pooled row is the frame that the max over the normalised frames takes, before BatchNorm's scale
// and shift; a slope is the gradient at the pooled row of BatchNorm's output. Sums are fp32 over one call.
// Threads: safe.
namespace timbre::train_engine {

using engine::Bf16;
using engine::Rounding;
using engine::TileSpan;

template <typename T>
struct ActivateCall {
  const T* pooled = nullptr;  // [tiles, channels]
  const float* scale = nullptr;
  const float* shift = nullptr;
  const float* mask = nullptr;  // [tiles, channels] of dropout, or none
  T* out = nullptr;
};

// Sums over frames of (y - origin) and its square; `origin` is the call's first frame unless it is given.
template <typename T>
struct FramesCall {
  const float* products = nullptr;  // [5][tiles, channels]
  const float* sign = nullptr;      // of gamma: what the pool keeps; 0: the first frame
  T* frames = nullptr;              // [3 tiles, channels], or none
  T* pooled = nullptr;              // [tiles, channels]
  bool set_origin = false;
  float* origin = nullptr;
  float* sum = nullptr;  // these two are added to
  float* squares = nullptr;
};

// Gradient at the frames: gain * slope (at the frame that the pool kept) + pull * (y - mean) + offset.
template <typename T>
struct FrameGradientCall {
  const T* frames = nullptr;  // [3 tiles, channels]
  const T* slopes = nullptr;  // [tiles, channels]
  const float* sign = nullptr;
  const float* mean = nullptr;
  const float* gain = nullptr;
  const float* pull = nullptr;
  const float* offset = nullptr;
  T* out = nullptr;  // A dy: [5][tiles, channels]
};

// Gradient at the rows that the tiles read: B of the products, overlap-added. A tile's rows begin one before
// its first frame and end one after its last, so what the neighbour adds is carried from call to call, and a
// call writes from the row before its first (unless it begins a window) to the last but one (unless it ends
// one). Where the row was positive after relu the gradient is the slope of the block before.
template <typename T>
struct SlopesCall {
  const float* products = nullptr;  // [5][tiles, channels]
  float* carry = nullptr;           // [2][channels]
  bool begins = false, ends = false;
  const T* inputs = nullptr;       // row 0 is the first tile's second row; after relu, [-1, 3 tiles]
  const float* mask = nullptr;     // of dropout, or none
  const T* pooled = nullptr;       // of the block before
  const float* mean = nullptr;     // of the block before
  const float* samples = nullptr;  // of row 0, where the block before is the first
  T* out = nullptr;                // none where the block before is the first
  float* sums = nullptr;           // added to: slope, slope * (pooled - mean): [2][channels]; of the first
                                   // block slope, slope * each of its three samples: [4][channels]
};

template <typename T>
struct TrainKernels {
  // As input3, its products in Matmul's layout kRowPairs: a multiple of 64 channels; a plane has room for a
  // multiple of 32 tiles. Null for float.
  void (*input_pairs)(const T* rows, const TileSpan& span, T* out);
  void (*activate)(const TileSpan& span, const ActivateCall<T>& call);
  void (*frames)(const TileSpan& span, const FramesCall<T>& call);
  void (*frame_gradient)(const TileSpan& span, const FrameGradientCall<T>& call);
  void (*slopes)(const TileSpan& span, const SlopesCall<T>& call);
  void (*first_slopes)(const TileSpan& span, const SlopesCall<T>& call);
};

// For float and Bf16.
template <typename T>
const TrainKernels<T>& TrainKernelsHere();

}  // namespace timbre::train_engine
