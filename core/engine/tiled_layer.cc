#include "core/engine/tiled_layer.h"

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace timbre::engine {
namespace {

// Such that there are about as many tiles as the least multiple of the members that `tile` allows. Rounded up
// to the rows of a tile register: a product of fewer rows takes as long.
int64_t SharedTile(int64_t pool_windows, int64_t tile, int64_t members) {
  constexpr int64_t kRows = 16;
  if (members == 1) return tile;
  const int64_t tiles = members * ((pool_windows + members * tile - 1) / (members * tile));
  const int64_t even = (pool_windows + tiles - 1) / tiles;
  return std::min(tile, (even + kRows - 1) / kRows * kRows);
}

}  // namespace

template <typename T>
TiledLayer<T>::TiledLayer(FoldedLayer layer, LayerChoice choice, const Options& options)
    : layer_(std::move(layer)),
      choice_(choice),
      shape_(ShapeOf(choice.algorithm)),
      stack_(options.stack),
      shared_tile_(SharedTile(layer_.rows_out(), choice.tile, options.members)),
      kernels_(KernelsHere<T>()) {}

template <typename T>
absl::StatusOr<std::unique_ptr<TiledLayer<T>>> TiledLayer<T>::Create(const FoldedLayer& layer,
                                                                     const LayerChoice& choice,
                                                                     std::span<const float> matrices,
                                                                     const Options& given) {
  if (choice.tile < 1 || (choice.algorithm == Algorithm::kWinograd6 && choice.tile % 2 != 0)) {
    return absl::InvalidArgumentError(absl::StrCat("a tile of ", choice.tile, " pool windows does not suit ",
                                                   AlgorithmName(choice.algorithm)));
  }
  const Channels channels = given.channels.count > 0 ? given.channels : Channels{0, layer.out_channels};
  std::unique_ptr<TiledLayer> made(new TiledLayer(SliceOf(layer, channels), choice, given));
  const bool direct = choice.algorithm == Algorithm::kDirect;
  Products::Options options;
  options.batch = direct ? 1 : made->shape_.products;
  options.depth = direct ? layer.kernel * layer.in_channels : layer.in_channels;
  options.columns = channels.count;
  options.row_stride = options.depth;
  options.weight_stride = layer.out_channels;
  options.bf16 = std::is_same_v<T, Bf16>;
  if (direct) {
    options.bf16_result = options.bf16 && layer.pool;
    options.bias = made->layer_.bias;
  }
  options.row_counts = made->RowCounts();
  TIMBRE_ASSIGN_OR_RETURN(made->products_,
                          Products::Create(options, matrices.subspan(static_cast<size_t>(channels.begin))));
  return made;
}

template <typename T>
int64_t TiledLayer<T>::windows_at_once() const {
  return std::clamp<int64_t>(choice_.tile / pool_windows(), 1, stack_);
}

// The largest first: it decides the layout of the weights.
template <typename T>
std::vector<int64_t> TiledLayer<T>::RowCounts() const {
  std::set<int64_t, std::greater<>> counts;
  const int64_t all = pool_windows();
  if (stack_ == 1) {
    for (const int64_t tile : {choice_.tile, shared_tile_}) {
      counts.insert(TilesOf(std::min(tile, all)));
      if (all > tile && all % tile > 0) counts.insert(TilesOf(all % tile));
    }
  } else {
    const bool one_by_one = layer_.pool && choice_.algorithm == Algorithm::kDirect;
    const int64_t most = one_by_one ? 1 : windows_at_once();
    for (int64_t windows = 1; windows <= most; ++windows) counts.insert(windows * TilesOf(all));
  }
  return {counts.begin(), counts.end()};
}

template <typename T>
int64_t TiledLayer<T>::MaxRows() const {
  return RowCounts().front();
}

template <typename T>
int64_t TiledLayer<T>::transformed_size() const {
  return shape_.products * MaxRows() * layer_.in_channels;
}

template <typename T>
int64_t TiledLayer<T>::products_size() const {
  return shape_.products * MaxRows() * layer_.out_channels;
}

template <typename T>
absl::StatusOr<typename TiledLayer<T>::Bench> TiledLayer<T>::MakeBench(T* transformed,
                                                                       float* products) const {
  Bench bench;
  TIMBRE_ASSIGN_OR_RETURN(bench.runner, products_->MakeRunner());
  bench.transformed = transformed;
  bench.products = products;
  return bench;
}

template <typename T>
absl::Status TiledLayer<T>::Run(Bench& bench, const Piece<T>& piece) const {
  if (choice_.algorithm == Algorithm::kDirect) return RunDirect(bench, piece);
  const bool three = choice_.algorithm == Algorithm::kWinograd3;
  const int64_t tiles = TilesOf(piece.pool_windows), rows = piece.windows * tiles;
  TileSpan in{.tiles = tiles, .channels = layer_.in_channels, .plane = rows * layer_.in_channels};
  TileSpan out{.tiles = tiles, .channels = layer_.out_channels, .plane = rows * layer_.out_channels};
  for (int64_t w = 0; w < piece.windows; ++w) {
    (three ? kernels_.input3 : kernels_.input6)(piece.in + w * piece.in_stride, in,
                                                bench.transformed + w * tiles * in.channels);
  }
  TIMBRE_RETURN_IF_ERROR(bench.runner->Run(bench.transformed, rows, bench.products));
  for (int64_t w = 0; w < piece.windows; ++w) {
    (three ? kernels_.output3 : kernels_.output6)(bench.products + w * tiles * out.channels, out,
                                                  layer_.bias.data(), piece.out + w * piece.out_stride);
  }
  return absl::OkStatus();
}

// Frame 3 t + k of a window is a product of the rows from 3 t + k on, so each phase k is one matrix whose
// rows lie 3 C apart in the input itself. Bias, relu and rounding go before the max: they keep the order.
template <typename T>
absl::Status TiledLayer<T>::RunDirect(Bench& bench, const Piece<T>& piece) const {
  const TileSpan out{.tiles = piece.pool_windows,
                     .channels = layer_.out_channels,
                     .plane = piece.pool_windows * layer_.out_channels};
  T* const frames = static_cast<T*>(static_cast<void*>(bench.products));
  for (int64_t w = 0; w < piece.windows; ++w) {
    const T* in = piece.in + w * piece.in_stride;
    for (int64_t phase = 0; phase < 3; ++phase) {
      TIMBRE_RETURN_IF_ERROR(
          bench.runner->Run(in + phase * layer_.in_channels, piece.pool_windows, frames + phase * out.plane));
    }
    kernels_.max_of_three(frames, out, piece.out + w * piece.out_stride);
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status TiledLayer<T>::RunLast(Bench& bench, const Piece<T>& piece, float* out) const {
  const int64_t depth = layer_.in_channels;
  for (int64_t w = 0; w < piece.windows; ++w) {
    std::copy_n(piece.in + w * piece.in_stride, depth, bench.transformed + w * depth);
  }
  return bench.runner->Run(bench.transformed, piece.windows, out);
}

template class TiledLayer<float>;
template class TiledLayer<Bf16>;

}  // namespace timbre::engine
