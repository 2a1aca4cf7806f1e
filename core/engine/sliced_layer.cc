#include "core/engine/sliced_layer.h"

#include <algorithm>

#include "core/base/status_macros.h"

namespace timbre::engine {
namespace {

// The most slices that are equally wide.
int64_t SlicesOf(int64_t channels, int64_t members) {
  int64_t slices = std::min(members, channels / kChannelStep);
  while (channels % (slices * kChannelStep) != 0) --slices;
  return slices;
}

}  // namespace

template <typename T>
absl::StatusOr<std::unique_ptr<SlicedLayer<T>>> SlicedLayer<T>::Create(const FoldedLayer& layer,
                                                                       const LayerChoice& choice,
                                                                       std::span<const float> matrices,
                                                                       int64_t members) {
  const int64_t slices = SlicesOf(layer.out_channels, members), width = layer.out_channels / slices;
  // One piece takes the whole window.
  const LayerChoice whole{choice.algorithm, std::max(choice.tile, layer.rows_out() + layer.rows_out() % 2)};
  std::unique_ptr<SlicedLayer> made(new SlicedLayer);
  for (int64_t i = 0; i < slices; ++i) {
    TIMBRE_ASSIGN_OR_RETURN(auto slice,
                            TiledLayer<T>::Create(layer, whole, matrices, {.channels = {i * width, width}}));
    made->slices_.push_back(std::move(slice));
  }
  return made;
}

template <typename T>
absl::StatusOr<typename SlicedLayer<T>::Bench> SlicedLayer<T>::MakeBench(int64_t member, T* transformed,
                                                                         float* products) const {
  Bench bench{.slice = member};
  if (member >= static_cast<int64_t>(slices_.size())) return bench;
  const TiledLayer<T>& slice = *slices_[static_cast<size_t>(member)];
  TIMBRE_ASSIGN_OR_RETURN(bench.tiled, slice.MakeBench(transformed, products));
  // Winograd6 writes pairs of rows.
  bench.rows = AlignedBuffer<T>((slice.pool_windows() + 1) * slice.out_channels());
  return bench;
}

template <typename T>
absl::Status SlicedLayer<T>::Run(Bench& bench, const T* in, T* out) const {
  if (bench.tiled.runner == nullptr) return absl::OkStatus();
  const TiledLayer<T>& slice = *slices_[static_cast<size_t>(bench.slice)];
  const int64_t width = slice.out_channels(), channels = width * static_cast<int64_t>(slices_.size());
  TIMBRE_RETURN_IF_ERROR(slice.Run(
      bench.tiled, Piece<T>{.in = in, .out = bench.rows.data(), .pool_windows = slice.pool_windows()}));
  for (int64_t row = 0; row < slice.pool_windows(); ++row) {
    std::copy_n(bench.rows.data() + row * width, width, out + row * channels + bench.slice * width);
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status SlicedLayer<T>::RunLast(Bench& bench, const T* in, float* out) const {
  if (bench.tiled.runner == nullptr) return absl::OkStatus();
  const TiledLayer<T>& slice = *slices_[static_cast<size_t>(bench.slice)];
  return slice.RunLast(bench.tiled, Piece<T>{.in = in}, out + bench.slice * slice.out_channels());
}

template class SlicedLayer<float>;
template class SlicedLayer<Bf16>;

}  // namespace timbre::engine
