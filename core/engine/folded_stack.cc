#include "core/engine/folded_stack.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/engine/kernels.h"

namespace timbre::engine {
namespace {

constexpr double kNormEpsilon = 1e-5;

absl::StatusOr<const weights::Tensor*> Find(const weights::TensorMap& tensors, const std::string& name,
                                            const std::vector<int64_t>& shape) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " is missing"));
  if (!shape.empty() && found->second.shape != shape) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " has shape [",
                                                   absl::StrJoin(found->second.shape, ", "), "]; [",
                                                   absl::StrJoin(shape, ", "), "] is needed"));
  }
  return &found->second;
}

// [out, in, kernel] to [kernel, in, out], times a scale for each `out`; by blocks, of which each is read in
// rows and written in lines of the cache.
std::vector<float> ScaledTaps(const weights::Tensor& from, const std::vector<double>& scales) {
  const auto outs = scales.size(), ins = static_cast<size_t>(from.shape[1]),
             kernel = static_cast<size_t>(from.shape[2]);
  std::vector<float> to(from.values.size());
  for (size_t begin = 0; begin < outs; begin += kChannelStep) {
    for (size_t in = 0; in < ins; ++in) {
      for (size_t k = 0; k < kernel; ++k) {
        for (size_t out = begin; out < begin + kChannelStep; ++out) {
          to[(k * ins + in) * outs + out] =
              static_cast<float>(from.values[(out * ins + in) * kernel + k] * scales[out]);
        }
      }
    }
  }
  return to;
}

// conv + BatchNorm of block `n` as one affine convolution.
absl::StatusOr<FoldedLayer> Fold(const weights::TensorMap& tensors, int n) {
  const std::string conv = absl::StrCat("conv", n, ".0."), norm = absl::StrCat("conv", n, ".1.");
  TIMBRE_ASSIGN_OR_RETURN(const weights::Tensor* weight, Find(tensors, absl::StrCat(conv, "weight"), {}));
  if (weight->shape.size() != 3 || (weight->shape[2] != 3 && weight->shape[2] != 1)) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", conv, "weight has shape [",
                                                   absl::StrJoin(weight->shape, ", "),
                                                   "]; [out, in, 3] or [out, in, 1] is needed"));
  }
  FoldedLayer layer{
      .in_channels = weight->shape[1], .out_channels = weight->shape[0], .kernel = weight->shape[2]};
  if (layer.out_channels % kChannelStep != 0) {
    return absl::InvalidArgumentError(absl::StrCat("block ", n, " has ", layer.out_channels,
                                                   " channels; a multiple of ", kChannelStep, " is needed"));
  }
  const std::vector<int64_t> per_channel = {layer.out_channels};
  TIMBRE_ASSIGN_OR_RETURN(const auto* bias, Find(tensors, absl::StrCat(conv, "bias"), per_channel));
  TIMBRE_ASSIGN_OR_RETURN(const auto* gamma, Find(tensors, absl::StrCat(norm, "weight"), per_channel));
  TIMBRE_ASSIGN_OR_RETURN(const auto* beta, Find(tensors, absl::StrCat(norm, "bias"), per_channel));
  TIMBRE_ASSIGN_OR_RETURN(const auto* mean, Find(tensors, absl::StrCat(norm, "running_mean"), per_channel));
  TIMBRE_ASSIGN_OR_RETURN(const auto* variance,
                          Find(tensors, absl::StrCat(norm, "running_var"), per_channel));

  layer.bias.resize(static_cast<size_t>(layer.out_channels));
  std::vector<double> scales(layer.bias.size());
  for (size_t o = 0; o < scales.size(); ++o) {
    scales[o] = gamma->values[o] / std::sqrt(double{variance->values[o]} + kNormEpsilon);
    layer.bias[o] =
        static_cast<float>((double{bias->values[o]} - mean->values[o]) * scales[o] + beta->values[o]);
  }
  layer.weight = ScaledTaps(*weight, scales);
  return layer;
}

// The last block sees one frame: the outer taps of a kernel of 3 only ever meet padding.
void KeepCentreTap(FoldedLayer& layer) {
  if (layer.kernel != 3) return;
  const auto size = static_cast<ptrdiff_t>(layer.in_channels * layer.out_channels);
  layer.weight = {layer.weight.begin() + size, layer.weight.begin() + 2 * size};
  layer.kernel = 1;
}

}  // namespace

absl::StatusOr<FoldedStack> FoldSampleCnn(const weights::TensorMap& tensors) {
  FoldedStack stack;
  TIMBRE_ASSIGN_OR_RETURN(stack.first, Fold(tensors, 1));
  if (stack.first.in_channels != 1 || stack.first.kernel != 3) {
    return absl::InvalidArgumentError("conv1.0.weight must be of shape [out, 1, 3]");
  }
  for (int n = 2; tensors.count(absl::StrCat("conv", n, ".0.weight")) > 0; ++n) {
    TIMBRE_ASSIGN_OR_RETURN(FoldedLayer layer, Fold(tensors, n));
    const int64_t before = stack.layers.empty() ? stack.first.out_channels : stack.layers.back().out_channels;
    if (layer.in_channels != before) {
      return absl::InvalidArgumentError(absl::StrCat("block ", n, " takes ", layer.in_channels,
                                                     " channels, but block ", n - 1, " gives ", before));
    }
    stack.layers.push_back(std::move(layer));
  }
  if (stack.layers.empty()) return absl::InvalidArgumentError("tensor conv2.0.weight is missing");

  KeepCentreTap(stack.layers.back());
  for (size_t i = 0; i < stack.layers.size(); ++i) {
    const int64_t wanted = i + 1 < stack.layers.size() ? 3 : 1;
    if (stack.layers[i].kernel == wanted) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("block ", i + 2, " has kernel ", stack.layers[i].kernel, "; ", wanted, " is needed"));
  }

  // Every block but the first and the last pools by three, down to one frame.
  int64_t rows = 1;
  for (size_t i = stack.layers.size(); i-- > 0;) {
    FoldedLayer& layer = stack.layers[i];
    layer.pool = i + 1 < stack.layers.size();
    if (layer.pool) rows *= 3;
    layer.rows_in = rows;
  }
  stack.first.rows_in = rows;
  stack.window_samples = 3 * rows;
  return stack;
}

FoldedLayer SliceOf(const FoldedLayer& layer, Channels channels) {
  const auto from = layer.bias.begin() + channels.begin;
  return {.in_channels = layer.in_channels,
          .out_channels = channels.count,
          .kernel = layer.kernel,
          .rows_in = layer.rows_in,
          .pool = layer.pool,
          .bias = {from, from + channels.count}};
}

double FlopPerWindow(const FoldedStack& stack) {
  const auto flop = [](const FoldedLayer& layer) {
    return 2.0 * static_cast<double>(layer.rows_in * layer.kernel * layer.in_channels * layer.out_channels);
  };
  double sum = flop(stack.first);
  for (const FoldedLayer& layer : stack.layers) sum += flop(layer);
  return sum;
}

}  // namespace timbre::engine
