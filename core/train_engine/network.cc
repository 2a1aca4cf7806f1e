#include "core/train_engine/network.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/engine/products.h"
#include "core/train_engine/network_tape.h"
#include "core/train_engine/winograd_weights.h"
#include "core/train_engine/work_sharing.h"

namespace timbre::train_engine {
namespace {

// Pool windows that are worth a shard, and the most shards of a layer.
constexpr int64_t kShardRows = 486, kMostShards = 32;

}  // namespace

template <typename T>
Network<T>::Network(const NetworkShape& shape, int threads)
    : shape_(shape), team_(threads), last_(shape.blocks.back()) {
  int64_t inputs = 0, transformed = 0, gradients = 0, channels = 0;
  for (size_t i = 1; i + 1 < shape.blocks.size(); ++i) {
    pooled_.push_back(std::make_unique<PooledBlock<T>>(shape.blocks[i], /*first_before=*/i == 1));
    const PooledBlock<T>& block = *pooled_.back();
    inputs = std::max(inputs, block.inputs_size());
    transformed = std::max(transformed, block.transformed_size());
    gradients = std::max(gradients, block.gradients_size());
    channels = std::max({channels, shape.blocks[i].in_channels, shape.blocks[i].out_channels});
  }
  for (int i = 0; i < threads; ++i) {
    auto bench = std::make_unique<Bench<T>>();
    bench->inputs = engine::AlignedBuffer<T>(inputs);
    bench->transformed = engine::AlignedBuffer<T>(transformed);
    bench->gradients = engine::AlignedBuffer<T>(gradients);
    bench->products = engine::AlignedBuffer<float>(std::max(transformed, gradients));
    bench->carry = engine::AlignedBuffer<float>(2 * channels);
    bench->sums = engine::AlignedBuffer<float>(4 * channels);
    benches_.push_back(std::move(bench));
  }
}

template <typename T>
Network<T>::~Network() = default;

// Few enough that a shard's sums are worth their memory; decided by the batch alone.
template <typename T>
int64_t Network<T>::ShardsOf(size_t index, int64_t count) const {
  const int64_t wanted = count * shape_.blocks[index].rows_out() / kShardRows;
  int64_t shards = 1;
  while (2 * shards <= std::min({wanted, count, kMostShards})) shards *= 2;
  return shards;
}

template <typename T>
auto Network<T>::TakeTape(int64_t count, bool keep) -> std::unique_ptr<NetworkTape> {
  std::unique_ptr<NetworkTape> tape;
  for (auto& free : free_tapes_) {
    if (free->capacity < count || (keep && !free->has_frames)) continue;
    tape = std::move(free);
    free_tapes_.erase(free_tapes_.begin() + (&free - free_tapes_.data()));
    return tape;
  }
  tape = std::make_unique<NetworkTape>();
  tape->capacity = count;
  tape->has_frames = keep;
  tape->blocks.resize(shape_.blocks.size() - 1);
  for (size_t i = 1; i + 1 < shape_.blocks.size(); ++i) {
    const BlockShape& block = shape_.blocks[i];
    const int64_t rows = count * block.rows_out();
    if (keep) tape->blocks[i].frames = engine::AlignedBuffer<T>(3 * rows * block.out_channels);
    tape->blocks[i].pooled = engine::AlignedBuffer<T>(rows * block.out_channels);
  }
  return tape;
}

template <typename T>
InputRows<T> Network<T>::InputsOf(size_t index, const Batch& batch, const NetworkTape& tape) const {
  if (index == 1) {
    return {.samples = batch.windows, .weight = tape.scaled_weight.data(), .bias = tape.scaled_bias.data()};
  }
  const BlockTape& before = tape.blocks[index - 1];
  return {.pooled = before.pooled.data(), .norm = &before.norm, .mask = batch.masks[index - 1]};
}

template <typename T>
absl::Status Network<T>::PackWeights(std::span<const BlockParameters> parameters, NetworkTape& tape) {
  // From the last, which are the largest.
  return ForEach(team_, static_cast<int64_t>(pooled_.size()), [&](int thread, int64_t item) -> absl::Status {
    const size_t index = pooled_.size() - static_cast<size_t>(item);
    const BlockShape& block = shape_.blocks[index];
    BlockTape& to = tape.blocks[index];
    Lane& lane = benches_[static_cast<size_t>(thread)]->lane;
    engine::AlignedBuffer<float> plain(kProducts * block.in_channels * block.out_channels);
    TransformWeights(block, parameters[index].weight, 0, block.out_channels, plain.data());
    const auto pack = [&](const Matmul& product, bool transposed,
                          engine::AlignedBuffer<std::byte>& packed) -> absl::Status {
      TIMBRE_ASSIGN_OR_RETURN(const size_t bytes, product.PackedBytes());
      if (packed.data() == nullptr) packed = engine::AlignedBuffer<std::byte>(static_cast<int64_t>(bytes));
      return product.Pack(lane, plain.data(), transposed, packed.data());
    };
    TIMBRE_RETURN_IF_ERROR(pack(pooled(index).forward_products(), /*transposed=*/true, to.forward_weights));
    return pack(pooled(index).backward_products(), /*transposed=*/false, to.backward_weights);
  });
}

template <typename T>
absl::Status Network<T>::ForwardFirst(const BlockParameters& parameters, const Batch& batch,
                                      NetworkTape& tape) {
  std::vector<SampleMoments> moments(static_cast<size_t>(batch.count));
  TIMBRE_RETURN_IF_ERROR(ForEach(team_, batch.count, [&](int, int64_t window) {
    moments[static_cast<size_t>(window)] =
        MeasureSamples(batch.windows + window * shape_.window_samples, shape_.window_samples);
    return absl::OkStatus();
  }));
  tape.samples = Join(moments);
  const auto channels = static_cast<size_t>(shape_.blocks.front().out_channels);
  tape.first_weight.assign(parameters.weight, parameters.weight + 3 * channels);
  tape.first_norm = NormaliseFirst(tape.samples, static_cast<int64_t>(channels), parameters);
  tape.scaled_weight.resize(3 * channels);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t k = 0; k < 3; ++k) {
      tape.scaled_weight[k * channels + c] = tape.first_norm.scale[c] * parameters.weight[3 * c + k];
    }
  }
  tape.scaled_bias = tape.first_norm.shift;
  return absl::OkStatus();
}

template <typename T>
absl::Status Network<T>::ForwardPooled(size_t index, const BlockParameters& parameters, const Batch& batch,
                                       bool keep, NetworkTape& tape) {
  const PooledBlock<T>& block = pooled(index);
  BlockTape& own = tape.blocks[index];
  const int64_t shards = ShardsOf(index, batch.count), channels = block.shape().out_channels;
  std::vector<float> sign(parameters.gamma, parameters.gamma + channels);
  for (float& s : sign) s = s > 0 ? 1.0F : s < 0 ? -1.0F : 0.0F;
  const typename PooledBlock<T>::Forward call{.inputs = InputsOf(index, batch, tape),
                                              .weights = own.forward_weights.data(),
                                              .sign = sign.data(),
                                              .frames = keep ? own.frames.data() : nullptr,
                                              .pooled = own.pooled.data()};
  std::vector<Moments> moments(static_cast<size_t>(shards));
  TIMBRE_RETURN_IF_ERROR(ForEach(team_, shards, [&](int thread, int64_t shard) {
    Moments& sums = moments[static_cast<size_t>(shard)];
    sums.Reset(channels);
    return block.Run(*benches_[static_cast<size_t>(thread)], call,
                     {shard * batch.count / shards, (shard + 1) * batch.count / shards}, sums);
  }));
  Moments all;
  all.Reset(channels);
  for (const Moments& part : moments) all.Add(part);
  own.norm = Normalise(all, parameters);
  return absl::OkStatus();
}

template <typename T>
auto Network<T>::Forward(std::span<const BlockParameters> parameters, const Batch& batch, bool keep,
                         float* out) -> absl::StatusOr<std::unique_ptr<Tape>> {
  const size_t blocks = shape_.blocks.size();
  if (parameters.size() != blocks || batch.masks.size() != blocks || batch.count < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        "got parameters of ", parameters.size(), " blocks, masks of ", batch.masks.size(), " and ",
        batch.count, " windows; ", blocks, " of each and at least 2 windows are needed"));
  }
  std::unique_ptr<NetworkTape> tape = TakeTape(batch.count, keep);
  TIMBRE_RETURN_IF_ERROR(PackWeights(parameters, *tape));
  TIMBRE_RETURN_IF_ERROR(ForwardFirst(parameters.front(), batch, *tape));
  for (size_t i = 1; i + 1 < blocks; ++i) {
    TIMBRE_RETURN_IF_ERROR(ForwardPooled(i, parameters[i], batch, keep, *tape));
  }
  GatherLast(batch, *tape);
  const float* const weight = parameters.back().weight;
  tape->last_weight.assign(weight, weight + shape_.blocks.back().weight_size());
  // On a thread of the team, where oneDNN uses no others.
  TIMBRE_RETURN_IF_ERROR(ForEach(team_, 1, [&](int thread, int64_t) {
    return last_.Forward(benches_[static_cast<size_t>(thread)]->lane, parameters.back(), batch.masks.back(),
                         tape->last, out);
  }));
  if (keep) return tape;
  free_tapes_.push_back(std::move(tape));
  return nullptr;
}

bool TrainEngine::RunsInBf16() { return engine::HasBf16Products(); }

std::unique_ptr<TrainEngine> TrainEngine::Create(const NetworkShape& shape, const Options& options) {
  if (options.bf16) return std::make_unique<Network<Bf16>>(shape, options.threads);
  return std::make_unique<Network<float>>(shape, options.threads);
}

template class Network<float>;
template class Network<Bf16>;

}  // namespace timbre::train_engine
