#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/engine/aligned_buffer.h"
#include "core/engine/folded_stack.h"
#include "core/engine/tiled_layer.h"

namespace timbre::engine {

// A late layer of one window, shared by threads. It has few rows and many weights, which take longer to read
// than to use: so each thread computes some of the output channels, and reads their weights alone.
// Threads: const and shared; each thread has a Bench of its own.
template <typename T>
class SlicedLayer {
 public:
  // matrices, errors: as for TiledLayer::Create.
  static absl::StatusOr<std::unique_ptr<SlicedLayer>> Create(const FoldedLayer& layer,
                                                             const LayerChoice& choice,
                                                             std::span<const float> matrices,
                                                             int64_t members);

  // The work space of one thread. `tiled` is empty where the channels cannot be shared evenly by so many:
  // then some threads have nothing to do.
  struct Bench {
    int64_t slice = 0;
    typename TiledLayer<T>::Bench tiled = {};
    AlignedBuffer<T> rows = {};
  };
  // `transformed`, `products`: as large as the whole layer wants them.
  absl::StatusOr<Bench> MakeBench(int64_t member, T* transformed, float* products) const;

  // This thread's channels of all pooled rows. `in` is the row before the first frame, `out` [rows,
  // out_channels].
  absl::Status Run(Bench& bench, const T* in, T* out) const;
  // The layer without a pool: `in` is its one frame, `out` [out_channels].
  absl::Status RunLast(Bench& bench, const T* in, float* out) const;

 private:
  SlicedLayer() = default;

  std::vector<std::unique_ptr<TiledLayer<T>>> slices_;  // equally wide
};

}  // namespace timbre::engine
