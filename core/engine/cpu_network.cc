#include "core/engine/cpu_network.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/engine/aligned_buffer.h"

namespace timbre::engine {
namespace {

constexpr int64_t kGroup = 16;               // windows that a thread takes through the late layers together
constexpr int64_t kStackedPoolWindows = 27;  // a layer with so few is stacked

int64_t TileCount(int64_t pool_windows, int64_t tile) { return (pool_windows + tile - 1) / tile; }

}  // namespace

int64_t StackOf(const FoldedLayer& layer) { return layer.rows_out() <= kStackedPoolWindows ? kGroup : 1; }

// What one thread works with. The padding rows of the inputs are zero and stay so.
template <typename T>
struct CpuNetwork<T>::Member {
  AlignedBuffer<T> transformed;
  AlignedBuffer<float> products;
  AlignedBuffer<T> first_rows;  // of one tile
  std::vector<AlignedBuffer<T>>
      inputs;  // of each layer but 0: one window's, of stacked layers kGroup windows'
  std::vector<typename TiledLayer<T>::Bench> benches;
  std::vector<typename SlicedLayer<T>::Bench> sliced_benches;
  AlignedBuffer<float> embeddings;      // of kGroup windows
  std::array<int64_t, kGroup> taken{};  // whose they are
  absl::Status status;
};

template <typename T>
CpuNetwork<T>::CpuNetwork(const FoldedStack& stack, Team& team)
    : team_(team), window_samples_(stack.window_samples), first_(stack.first), kernels_(KernelsHere<T>()) {}

template <typename T>
CpuNetwork<T>::~CpuNetwork() = default;

template <typename T>
absl::StatusOr<std::unique_ptr<CpuNetwork<T>>> CpuNetwork<T>::Create(const FoldedStack& stack,
                                                                     const std::vector<LayerChoice>& choices,
                                                                     Team& team) {
  if (choices.size() != stack.layers.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(choices.size(), " choices for ", stack.layers.size(), " layers"));
  }
  std::unique_ptr<CpuNetwork> network(new CpuNetwork(stack, team));
  TIMBRE_RETURN_IF_ERROR(network->AddLayers(stack, choices));
  TIMBRE_RETURN_IF_ERROR(network->MakeMembers());
  return network;
}

template <typename T>
absl::Status CpuNetwork<T>::AddLayers(const FoldedStack& stack, const std::vector<LayerChoice>& choices) {
  for (size_t i = 0; i < stack.layers.size(); ++i) {
    const FoldedLayer& layer = stack.layers[i];
    const bool stacked = StackOf(layer) > 1 && i > 0;
    LayerChoice choice = choices[i];
    if (!layer.pool) choice.algorithm = Algorithm::kDirect;
    const std::vector<float> matrices = TransformWeights(choice.algorithm, layer);
    TIMBRE_ASSIGN_OR_RETURN(auto made,
                            TiledLayer<T>::Create(layer, choice, matrices,
                                                  {.stack = stacked ? kGroup : 1, .members = team_.size()}));
    layers_.push_back(std::move(made));
    if (!stacked) {
      stacked_from_ = i + 1;
    } else if (team_.size() > 1) {
      TIMBRE_ASSIGN_OR_RETURN(auto sliced, SlicedLayer<T>::Create(layer, choice, matrices, team_.size()));
      sliced_.push_back(std::move(sliced));
    }
  }
  next_tile_ = std::vector<std::atomic<int64_t>>(stacked_from_);
  return absl::OkStatus();
}

template <typename T>
int64_t CpuNetwork<T>::BufferStride(size_t layer) const {
  const TiledLayer<T>& l = *layers_[layer];
  const int64_t rows = layer + 1 < layers_.size() ? 3 * l.pool_windows() : l.pool_windows();
  return (kRowsBefore + rows + kRowsAfter) * l.in_channels();
}

template <typename T>
absl::Status CpuNetwork<T>::MakeMembers() {
  int64_t transformed = 0, products = 0;
  for (const auto& layer : layers_) {
    transformed = std::max(transformed, layer->transformed_size());
    products = std::max(products, layer->products_size());
  }
  for (int i = 0; i < team_.size(); ++i) {
    auto member = std::make_unique<Member>();
    member->transformed = AlignedBuffer<T>(transformed);
    member->products = AlignedBuffer<float>(products);
    const int64_t first_rows = kRowsBefore + 3 * layers_.front()->tile() + kRowsAfter;
    member->first_rows = AlignedBuffer<T>(first_rows * first_.out_channels);
    member->embeddings = AlignedBuffer<float>(kGroup * layers_.back()->out_channels());
    for (size_t l = 0; l < layers_.size(); ++l) {
      const int64_t windows = l < stacked_from_ ? 1 : kGroup;
      member->inputs.emplace_back(l == 0 ? 0 : windows * BufferStride(l));
      TIMBRE_ASSIGN_OR_RETURN(auto bench,
                              layers_[l]->MakeBench(member->transformed.data(), member->products.data()));
      member->benches.push_back(std::move(bench));
    }
    for (const auto& sliced : sliced_) {
      TIMBRE_ASSIGN_OR_RETURN(auto bench,
                              sliced->MakeBench(i, member->transformed.data(), member->products.data()));
      member->sliced_benches.push_back(std::move(bench));
    }
    members_.push_back(std::move(member));
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status CpuNetwork<T>::Encode(const float* windows, int64_t count, float* out) {
  const int64_t embedding = layers_.back()->out_channels();
  const int64_t apart = count - count % team_.size();
  next_window_.store(0, std::memory_order_relaxed);
  for (auto& member : members_) member->status = absl::OkStatus();
  team_.Run([&](int index) {
    Member& member = *members_[static_cast<size_t>(index)];
    bool more = true;
    while (more && member.status.ok()) {
      const absl::StatusOr<int64_t> taken = EncodeGroup(member, windows, apart, out);
      member.status = taken.status();
      more = taken.ok() && *taken == kGroup;
    }
    team_.Meet();  // the buffers of the first member are everybody's from here on
    for (int64_t at = apart; at < count; ++at) {
      const absl::Status status = EncodeTogether(index, windows + at * window_samples_, out + at * embedding);
      member.status.Update(status);
    }
  });
  for (const auto& member : members_) TIMBRE_RETURN_IF_ERROR(member->status);
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<int64_t> CpuNetwork<T>::EncodeGroup(Member& member, const float* windows, int64_t end,
                                                   float* out) {
  int64_t count = 0;
  while (count < kGroup) {
    const int64_t window = next_window_.fetch_add(1, std::memory_order_relaxed);
    if (window >= end) break;
    TIMBRE_RETURN_IF_ERROR(EncodeToStacked(member, windows + window * window_samples_, count));
    member.taken[static_cast<size_t>(count++)] = window;
  }
  if (count == 0) return 0;
  TIMBRE_RETURN_IF_ERROR(RunStacked(member, count, member.embeddings.data()));
  const int64_t embedding = layers_.back()->out_channels();
  for (int64_t i = 0; i < count; ++i) {
    std::copy_n(member.embeddings.data() + i * embedding, embedding,
                out + member.taken[static_cast<size_t>(i)] * embedding);
  }
  return count;
}

// One window through the layers that are not stacked, into slot `slot` of the first that is.
template <typename T>
absl::Status CpuNetwork<T>::EncodeToStacked(Member& member, const float* window, int64_t slot) {
  for (size_t l = 0; l < stacked_from_; ++l) {
    const int64_t tiles = TileCount(layers_[l]->pool_windows(), layers_[l]->tile());
    const int64_t to = l + 1 < stacked_from_ ? 0 : slot;
    T* next_input = member.inputs[l + 1].data() + to * BufferStride(l + 1);
    const Piece<T> whole{.in = member.inputs[l].data(),
                         .out = next_input + kRowsBefore * layers_[l]->out_channels()};
    int64_t tile = 0;
    const auto next = [&] { return tile < tiles ? tile++ : -1; };
    TIMBRE_RETURN_IF_ERROR(RunTiles(member, l, layers_[l]->tile(), whole, window, next));
  }
  return absl::OkStatus();
}

// One window by all threads: they take tile after tile of a layer, then they meet. The buffers are those of
// the first member.
template <typename T>
absl::Status CpuNetwork<T>::EncodeTogether(int index, const float* window, float* out) {
  Member& member = *members_[static_cast<size_t>(index)];
  Member& shared = *members_.front();
  absl::Status status;
  for (size_t l = 0; l < stacked_from_; ++l) {
    const int64_t size = layers_[l]->shared_tile(), tiles = TileCount(layers_[l]->pool_windows(), size);
    const Piece<T> whole{.in = shared.inputs[l].data(),
                         .out = shared.inputs[l + 1].data() + kRowsBefore * layers_[l]->out_channels()};
    const auto next = [&, l] {
      const int64_t tile = next_tile_[l].fetch_add(1, std::memory_order_relaxed);
      return tile < tiles ? tile : -1;
    };
    if (status.ok()) status = RunTiles(member, l, size, whole, window, next);
    team_.Meet();
    if (index == 0) next_tile_[l].store(0, std::memory_order_relaxed);  // read again after other meetings
  }
  for (size_t l = stacked_from_; l < layers_.size(); ++l) {
    if (status.ok()) status = RunSliced(index, l, out);
    team_.Meet();
  }
  return status;
}

// This thread's channels of a late layer of a window that all share.
template <typename T>
absl::Status CpuNetwork<T>::RunSliced(int index, size_t layer, float* out) {
  Member& shared = *members_.front();
  const SlicedLayer<T>& sliced = *sliced_[layer - stacked_from_];
  auto& bench = members_[static_cast<size_t>(index)]->sliced_benches[layer - stacked_from_];
  const T* in = shared.inputs[layer].data();
  if (layer + 1 == layers_.size())
    return sliced.RunLast(bench, in + kRowsBefore * layers_[layer]->in_channels(), out);
  return sliced.Run(bench, in,
                    shared.inputs[layer + 1].data() + kRowsBefore * layers_[layer]->out_channels());
}

template <typename T>
template <typename NextTile>
absl::Status CpuNetwork<T>::RunTiles(Member& member, size_t layer, int64_t size, const Piece<T>& whole,
                                     const float* samples, const NextTile& next) {
  const TiledLayer<T>& tiled = *layers_[layer];
  const int64_t all = tiled.pool_windows();
  for (int64_t tile = next(); tile >= 0; tile = next()) {
    const int64_t begin = tile * size;
    Piece<T> piece{.in = whole.in + 3 * begin * tiled.in_channels(),
                   .out = whole.out + begin * tiled.out_channels(),
                   .pool_windows = std::min(size, all - begin)};
    if (layer == 0) {
      FirstRows(member, samples, begin, piece.pool_windows);
      piece.in = member.first_rows.data();
    }
    TIMBRE_RETURN_IF_ERROR(tiled.Run(member.benches[layer], piece));
    if (begin + piece.pool_windows == all)
      std::fill_n(whole.out + all * tiled.out_channels(), tiled.out_channels(), T{});
  }
  return absl::OkStatus();
}

// The first layer's frames 3 begin - 1 to the end of a tile and what winograd6 reads beyond; zero outside of
// the window.
template <typename T>
void CpuNetwork<T>::FirstRows(Member& member, const float* samples, int64_t begin,
                              int64_t pool_windows) const {
  const int64_t channels = first_.out_channels;
  const int64_t from = 3 * begin - kRowsBefore, to = 3 * (begin + pool_windows) + kRowsAfter;
  const int64_t inside_from = std::max<int64_t>(from, 0), inside_to = std::min(to, first_.rows_in);
  T* rows = member.first_rows.data();
  std::fill_n(rows, (inside_from - from) * channels, T{});
  const TileSpan span{.tiles = inside_to - inside_from, .channels = channels, .plane = 0};
  kernels_.first_layer(samples + 3 * inside_from, span, first_.weight.data(), first_.bias.data(),
                       rows + (inside_from - from) * channels);
  std::fill_n(rows + (inside_to - from) * channels, (to - inside_to) * channels, T{});
}

template <typename T>
absl::Status CpuNetwork<T>::RunStacked(Member& member, int64_t count, float* out) {
  for (size_t l = stacked_from_; l < layers_.size(); ++l) {
    const TiledLayer<T>& tiled = *layers_[l];
    const bool last = l + 1 == layers_.size();
    const int64_t in_stride = BufferStride(l), out_stride = last ? 0 : BufferStride(l + 1);
    for (int64_t w = 0; w < count;) {
      Piece<T> piece{.in = member.inputs[l].data() + w * in_stride,
                     .in_stride = in_stride,
                     .out_stride = out_stride,
                     .windows = std::min(tiled.windows_at_once(), count - w),
                     .pool_windows = tiled.pool_windows()};
      if (last) {
        piece.in += kRowsBefore * tiled.in_channels();
        TIMBRE_RETURN_IF_ERROR(tiled.RunLast(member.benches[l], piece, out + w * tiled.out_channels()));
      } else {
        piece.out = member.inputs[l + 1].data() + w * out_stride + kRowsBefore * tiled.out_channels();
        TIMBRE_RETURN_IF_ERROR(tiled.Run(member.benches[l], piece));
        for (int64_t i = 0; i < piece.windows; ++i) {
          std::fill_n(piece.out + i * out_stride + tiled.pool_windows() * tiled.out_channels(),
                      tiled.out_channels(), T{});
        }
      }
      w += piece.windows;
    }
  }
  return absl::OkStatus();
}

template class CpuNetwork<float>;
template class CpuNetwork<Bf16>;

}  // namespace timbre::engine
