#include "core/engine/layer_trial.h"

#include <algorithm>

#include "core/base/status_macros.h"
#include "core/engine/cpu_network.h"

namespace timbre::engine {

template <typename T>
absl::StatusOr<std::unique_ptr<LayerTrial<T>>> LayerTrial<T>::Create(const FoldedLayer& layer,
                                                                     const LayerChoice& choice) {
  std::unique_ptr<LayerTrial> trial(new LayerTrial(layer, choice));
  TIMBRE_ASSIGN_OR_RETURN(trial->tiled_,
                          TiledLayer<T>::Create(layer, choice, TransformWeights(choice.algorithm, layer),
                                                {.stack = StackOf(layer)}));
  const TiledLayer<T>& tiled = *trial->tiled_;
  const int64_t windows = tiled.windows_at_once();
  trial->in_ = AlignedBuffer<T>(windows * trial->in_stride());
  trial->out_ = AlignedBuffer<T>(windows * trial->out_stride());
  trial->last_ = AlignedBuffer<float>(windows * layer.out_channels);
  trial->transformed_ = AlignedBuffer<T>(tiled.transformed_size());
  trial->products_ = AlignedBuffer<float>(tiled.products_size());
  TIMBRE_ASSIGN_OR_RETURN(trial->bench_,
                          tiled.MakeBench(trial->transformed_.data(), trial->products_.data()));
  return trial;
}

template <typename T>
absl::Status LayerTrial<T>::Run(int64_t windows) {
  const int64_t step = StackOf(layer_) > 1 ? layer_.rows_out() : choice_.tile;
  for (int64_t at = 0; at < layer_.rows_out(); at += step) {
    const Piece<T> piece{.in = in_.data() + 3 * at * layer_.in_channels,
                         .out = out_.data() + at * layer_.out_channels,
                         .in_stride = in_stride(),
                         .out_stride = out_stride(),
                         .windows = windows,
                         .pool_windows = std::min(step, layer_.rows_out() - at)};
    TIMBRE_RETURN_IF_ERROR(layer_.pool ? tiled_->Run(bench_, piece)
                                       : tiled_->RunLast(bench_, piece, last_.data()));
  }
  return absl::OkStatus();
}

template class LayerTrial<float>;
template class LayerTrial<Bf16>;

}  // namespace timbre::engine
