#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/engine/folded_stack.h"
#include "core/engine/kernels.h"
#include "core/engine/products.h"
#include "core/engine/winograd.h"

namespace timbre::engine {

// How one layer is computed, and how many pool windows (rows, without a pool) at a time.
struct LayerChoice {
  Algorithm algorithm = Algorithm::kWinograd3;
  int64_t tile = 81;
  bool operator==(const LayerChoice&) const = default;
};

// Rows of padding around a window's frames in a buffer: one before, the others after. They are zero.
inline constexpr int64_t kRowsBefore = 1;
inline constexpr int64_t kRowsAfter = 4;  // winograd6 reads so far beyond an odd number of pool windows

// A piece of work: some pool windows of one window of audio, or of several that lie `stride` apart.
template <typename T>
struct Piece {
  const T* in = nullptr;  // the row before the first frame
  T* out = nullptr;       // the first pooled row
  int64_t in_stride = 0, out_stride = 0;
  int64_t windows = 1;
  int64_t pool_windows = 0;  // of each; rows without a pool
};

// One layer in one precision: transform, products, inverse transform with pool, bias and relu in one pass.
// Threads: const and shared; each thread has a Bench of its own.
template <typename T>
class TiledLayer {
 public:
  struct Options {
    // The most windows of a piece. More than one: each comes with all its pool windows, whatever the tile.
    int64_t stack = 1;
    int64_t members = 1;     // the threads that may share a window
    Channels channels = {};  // those that it computes; none: all
  };
  // matrices: TransformWeights(choice.algorithm, layer); needed no longer than the call. Errors:
  // kInvalidArgument a tile below 1, or an odd one for kWinograd6 · as Products::Create.
  static absl::StatusOr<std::unique_ptr<TiledLayer>> Create(const FoldedLayer& layer,
                                                            const LayerChoice& choice,
                                                            std::span<const float> matrices,
                                                            const Options& options);

  // One thread's work space.
  class Bench {
   public:
    std::unique_ptr<Products::Runner> runner;
    T* transformed = nullptr;   // transformed_size() numbers, shared by all layers
    float* products = nullptr;  // products_size() numbers, likewise
  };
  int64_t transformed_size() const;
  int64_t products_size() const;
  absl::StatusOr<Bench> MakeBench(T* transformed, float* products) const;

  // At most `tile()` pool windows in all, or one window. An odd number of pool windows by kWinograd6 writes
  // one row too many: the caller clears it when it is padding.
  absl::Status Run(Bench& bench, const Piece<T>& piece) const;

  // The layer without a pool: one frame of each window, as fp32 [windows, out_channels].
  absl::Status RunLast(Bench& bench, const Piece<T>& piece, float* out) const;

  int64_t tile() const { return choice_.tile; }
  // The tile where all members share one window: not larger than tile(), and of a size that gives each as
  // many.
  int64_t shared_tile() const { return shared_tile_; }
  int64_t pool_windows() const { return layer_.rows_out(); }
  int64_t in_channels() const { return layer_.in_channels; }
  int64_t out_channels() const { return layer_.out_channels; }
  // Windows that go into one piece: as many as fit into a tile.
  int64_t windows_at_once() const;

 private:
  TiledLayer(FoldedLayer layer, LayerChoice choice, const Options& options);

  int64_t TilesOf(int64_t pool_windows) const {
    return (pool_windows + shape_.pool_windows - 1) / shape_.pool_windows;
  }
  std::vector<int64_t> RowCounts() const;
  int64_t MaxRows() const;
  absl::Status RunDirect(Bench& bench, const Piece<T>& piece) const;

  FoldedLayer layer_;  // without its weights, which products_ has
  const LayerChoice choice_;
  const TileShape shape_;
  const int64_t stack_;
  const int64_t shared_tile_;
  const Kernels<T>& kernels_;
  std::shared_ptr<const Products> products_;
};

}  // namespace timbre::engine
