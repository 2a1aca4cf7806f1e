#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/engine/aligned_buffer.h"
#include "core/engine/tiled_layer.h"

namespace timbre::engine {

// One layer by a choice, on rows of zeros in buffers of its own: what the plan and benchmarks time. Threads:
// one at a time.
template <typename T>
class LayerTrial {
 public:
  // Errors: as TiledLayer::Create. Lifetime: `layer` outlives the trial.
  static absl::StatusOr<std::unique_ptr<LayerTrial>> Create(const FoldedLayer& layer,
                                                            const LayerChoice& choice);

  // The whole layer of so many windows, at most windows_at_once(): what a timer goes around. Errors:
  // kInternal what oneDNN says.
  absl::Status Run(int64_t windows);
  int64_t windows_at_once() const { return tiled_->windows_at_once(); }

 private:
  LayerTrial(const FoldedLayer& layer, const LayerChoice& choice) : layer_(layer), choice_(choice) {}

  int64_t in_stride() const { return (kRowsBefore + layer_.rows_in + kRowsAfter) * layer_.in_channels; }
  int64_t out_stride() const { return (layer_.rows_out() + 1) * layer_.out_channels; }

  const FoldedLayer& layer_;
  const LayerChoice choice_;
  std::unique_ptr<TiledLayer<T>> tiled_;
  AlignedBuffer<T> in_, out_, transformed_;
  AlignedBuffer<float> products_, last_;
  typename TiledLayer<T>::Bench bench_;
};

}  // namespace timbre::engine
