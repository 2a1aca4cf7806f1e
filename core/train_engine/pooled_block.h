#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/engine/aligned_buffer.h"
#include "core/train_engine/batch_norm.h"
#include "core/train_engine/matmul.h"
#include "core/train_engine/network_shape.h"
#include "core/train_engine/train_kernels.h"

namespace timbre::train_engine {

// Where a pooled block's input rows come from, [windows][frames, channels]: the pooled rows of the block
// before, or, of the second block, the samples. They are normalised when they are read.
template <typename T>
struct InputRows {
  const T* pooled = nullptr;
  const Normalisation* norm = nullptr;
  const float* mask = nullptr;  // of dropout, [windows][frames, channels], or none

  const float* samples = nullptr;  // [windows][3 * frames], instead of the above
  const float* weight = nullptr;   // [3, channels], scaled
  const float* bias = nullptr;
};

// One thread's work space, for the largest block.
template <typename T>
struct Bench {
  Lane lane;
  engine::AlignedBuffer<T> inputs;       // rows of x
  engine::AlignedBuffer<T> transformed;  // B^T d
  engine::AlignedBuffer<T> gradients;    // A dy
  engine::AlignedBuffer<float> products;
  engine::AlignedBuffer<float> carry;  // [2][channels]
  engine::AlignedBuffer<float> sums;   // [4][channels]
};

// A pooled block in one precision: forward and backward of some windows, piece by piece, so that what a piece
// works on stays in the L2 cache. A window's numbers do not depend on the others'. Threads: const and shared;
// each thread has a bench of its own.
template <typename T>
class PooledBlock {
 public:
  // `first_before`: its input is made of samples.
  PooledBlock(const BlockShape& shape, bool first_before);

  struct Windows {
    int64_t begin = 0, end = 0;
  };

  struct Forward {
    InputRows<T> inputs;
    const void* weights = nullptr;  // packed by forward_products()
    const float* sign = nullptr;    // of gamma
    T* frames = nullptr;            // [windows][frames, out], or none
    T* pooled = nullptr;            // [windows][rows_out, out]
  };
  // Adds the frames' moments to `moments`.
  absl::Status Run(Bench<T>& bench, const Forward& call, const Windows& windows, Moments& moments) const;

  struct Backward {
    InputRows<T> inputs;
    const void* weights = nullptr;  // packed by backward_products()
    const Normalisation* norm = nullptr;
    const FrameCoefficients* coefficients = nullptr;
    const T* frames = nullptr;
    const T* slopes = nullptr;   // [windows][rows_out, out]
    T* slopes_before = nullptr;  // [windows][frames, in]; none where the first block is before
  };
  // What one shard adds up: the transformed weight gradient [5][out, in], and the sums that BatchNorm's
  // backward of the block before needs ([2][in]; [4][in] of the first block). Both are added to.
  struct Sums {
    float* weight = nullptr;
    double* slopes = nullptr;
  };
  absl::Status Run(Bench<T>& bench, const Backward& call, const Windows& windows, const Sums& sums) const;

  const BlockShape& shape() const { return shape_; }
  const Matmul& forward_products() const { return forward_; }
  const Matmul& backward_products() const { return backward_; }
  int64_t sums_before() const { return first_before_ ? 4 : 2; }

  // Numbers in each buffer of a bench.
  int64_t inputs_size() const;
  int64_t transformed_size() const { return products * tile_ * shape_.in_channels; }
  int64_t gradients_size() const { return products * tile_ * shape_.out_channels; }
  static constexpr int64_t products = 5;

 private:
  // Some pool windows of one window, or all of those of several.
  struct Piece {
    int64_t window = 0, windows = 1;
    int64_t first = 0, pool_windows = 0;  // of each

    int64_t rows() const { return windows * pool_windows; }
  };
  std::vector<Piece> Pieces(const Windows& windows) const;

  void Transform(Bench<T>& bench, const InputRows<T>& inputs, const Piece& piece,
                 Matmul::Layout layout = Matmul::Layout::kPlain) const;
  void Fill(const InputRows<T>& inputs, int64_t window, const Piece& piece, T* out) const;
  void Frames(Bench<T>& bench, const Forward& call, const Piece& piece) const;
  void FrameGradients(Bench<T>& bench, const Backward& call, const Piece& piece) const;
  void Slopes(Bench<T>& bench, const Backward& call, const Piece& piece) const;

  const BlockShape shape_;
  const bool first_before_;
  const int64_t tile_;  // most pool windows of a piece
  const engine::Kernels<T>& kernels_;
  const TrainKernels<T>& train_kernels_;
  const Matmul forward_, backward_, weight_;
};

}  // namespace timbre::train_engine
