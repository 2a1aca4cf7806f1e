#include <algorithm>
#include <bit>
#include <type_traits>

#include "core/base/status_macros.h"
#include "core/train_engine/network.h"
#include "core/train_engine/network_tape.h"
#include "core/train_engine/winograd_weights.h"
#include "core/train_engine/work_sharing.h"

namespace timbre::train_engine {
namespace {

float ToFloat(float value) { return value; }
float ToFloat(Bf16 value) { return std::bit_cast<float>(uint32_t{value} << 16); }

}  // namespace

// The pooled rows of the last pooled block, one a window, as the last block takes them.
template <typename T>
void Network<T>::GatherLast(const Batch& batch, NetworkTape& tape) const {
  const size_t index = shape_.blocks.size() - 2;
  BlockTape& before = tape.blocks[index];
  const auto channels = static_cast<size_t>(shape_.blocks[index].out_channels);
  tape.last.inputs.resize(static_cast<size_t>(batch.count) * channels);
  const float* const mask = batch.masks[index];
  for (size_t i = 0; i < tape.last.inputs.size(); ++i) {
    const size_t c = i % channels;
    const float x = before.norm.scale[c] * ToFloat(before.pooled.data()[i]) + before.norm.shift[c];
    tape.last.inputs[i] = std::max(x, 0.0F) * (mask == nullptr ? 1.0F : mask[i]);
  }
}

// The gradient at those rows as slopes, and their sums.
template <typename T>
auto Network<T>::ScatterLast(const Batch& batch, const NetworkTape& tape, const std::vector<float>& gradient)
    -> SlopeSums {
  const size_t index = shape_.blocks.size() - 2;
  const BlockTape& before = tape.blocks[index];
  const auto channels = static_cast<size_t>(shape_.blocks[index].out_channels);
  const float* const mask = batch.masks[index];
  SlopeSums sums(2 * channels);
  for (size_t i = 0; i < gradient.size(); ++i) {
    const size_t c = i % channels;
    const float slope = tape.last.inputs[i] > 0 ? gradient[i] * (mask == nullptr ? 1.0F : mask[i]) : 0.0F;
    T& to = slopes_[index].data()[i];
    engine::KernelsHere<T>().convert(&slope, 1, &to);
    sums[c] += ToFloat(to);
    sums[channels + c] += ToFloat(to) * (double{ToFloat(before.pooled.data()[i])} - before.norm.mean[c]);
  }
  return sums;
}

template <typename T>
absl::Status Network<T>::ReduceWeights(size_t index, int64_t shards, const BlockGradients& gradients) {
  const BlockShape& block = shape_.blocks[index];
  std::vector<const float*> parts;
  for (int64_t shard = 0; shard < shards; ++shard) {
    parts.push_back(weight_sums_.data() + shard * kProducts * block.in_channels * block.out_channels);
  }
  constexpr int64_t kChunk = 16;  // channels are a multiple of it
  return ForEach(team_, block.out_channels / kChunk, [&](int, int64_t chunk) {
    TransformGradients(block, parts, chunk * kChunk, (chunk + 1) * kChunk, gradients.weight);
    return absl::OkStatus();
  });
}

template <typename T>
auto Network<T>::BackwardPooled(size_t index, const Batch& batch, const NetworkTape& tape,
                                const SlopeSums& sums, const BlockGradients& gradients)
    -> absl::StatusOr<SlopeSums> {
  const PooledBlock<T>& block = pooled(index);
  const BlockShape& shape = block.shape();
  const BlockTape& own = tape.blocks[index];
  const FrameCoefficients coefficients =
      Differentiate(own.norm, sums.data(), sums.data() + shape.out_channels, gradients);
  const typename PooledBlock<T>::Backward call{
      .inputs = InputsOf(index, batch, tape),
      .weights = own.backward_weights.data(),
      .norm = &own.norm,
      .coefficients = &coefficients,
      .frames = own.frames.data(),
      .slopes = slopes_[index].data(),
      .slopes_before = index == 1 ? nullptr : slopes_[index - 1].data()};

  const int64_t shards = ShardsOf(index, batch.count);
  const int64_t size = kProducts * shape.in_channels * shape.out_channels;
  if (weight_sums_size_ < shards * size) {
    weight_sums_size_ = shards * size;
    weight_sums_ = engine::AlignedBuffer<float>(weight_sums_size_);
  }
  std::vector<SlopeSums> before(static_cast<size_t>(shards));
  TIMBRE_RETURN_IF_ERROR(ForEach(team_, shards, [&](int thread, int64_t shard) {
    SlopeSums& slopes = before[static_cast<size_t>(shard)];
    slopes.assign(static_cast<size_t>(block.sums_before() * shape.in_channels), 0);
    float* const weight = weight_sums_.data() + shard * size;
    std::fill_n(weight, size, 0.0F);
    return block.Run(*benches_[static_cast<size_t>(thread)], call,
                     {shard * batch.count / shards, (shard + 1) * batch.count / shards},
                     {.weight = weight, .slopes = slopes.data()});
  }));
  for (size_t shard = 1; shard < before.size(); ++shard) {
    for (size_t i = 0; i < before[0].size(); ++i) before[0][i] += before[shard][i];
  }
  TIMBRE_RETURN_IF_ERROR(ReduceWeights(index, shards, gradients));
  return before[0];
}

template <typename T>
absl::Status Network<T>::Backward(std::unique_ptr<Tape> tape, const Batch& batch, const float* gradient,
                                  std::span<const BlockGradients> gradients) {
  std::unique_ptr<NetworkTape> own(static_cast<NetworkTape*>(tape.release()));
  if (slopes_count_ < batch.count) {
    slopes_.clear();
    for (const BlockShape& block : shape_.blocks) {
      slopes_.emplace_back(block.pool ? batch.count * block.rows_out() * block.out_channels : 0);
    }
    slopes_count_ = batch.count;
  }
  std::vector<float> at_last;
  TIMBRE_RETURN_IF_ERROR(ForEach(team_, 1, [&](int thread, int64_t) {
    return last_.Backward(
        benches_[static_cast<size_t>(thread)]->lane,
        {.weight = own->last_weight.data(), .mask = batch.masks.back(), .gradient = gradient}, own->last,
        gradients.back(), at_last);
  }));
  SlopeSums sums = ScatterLast(batch, *own, at_last);
  for (size_t i = shape_.blocks.size() - 2; i > 0; --i) {
    TIMBRE_ASSIGN_OR_RETURN(sums, BackwardPooled(i, batch, *own, sums, gradients[i]));
  }
  DifferentiateFirst(own->first_norm, own->samples, sums.data(), own->first_weight.data(), gradients.front());
  free_tapes_.push_back(std::move(own));
  return absl::OkStatus();
}

template class Network<float>;
template class Network<Bf16>;

}  // namespace timbre::train_engine
