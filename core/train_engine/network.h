#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/team.h"
#include "core/train_engine/batch_norm.h"
#include "core/train_engine/last_block.h"
#include "core/train_engine/pooled_block.h"
#include "core/train_engine/train_engine.h"

namespace timbre::train_engine {

// The training engine in one precision: float or Bf16. Layer after layer, since BatchNorm needs a layer's
// statistics of the whole batch before the next one begins; the threads share the windows of a layer.
template <typename T>
class Network final : public TrainEngine {
 public:
  Network(const NetworkShape& shape, int threads);
  ~Network() override;

  absl::StatusOr<std::unique_ptr<Tape>> Forward(std::span<const BlockParameters> parameters,
                                                const Batch& batch, bool keep, float* out) override;
  absl::Status Backward(std::unique_ptr<Tape> tape, const Batch& batch, const float* gradient,
                        std::span<const BlockGradients> gradients) override;

 private:
  struct BlockTape;
  struct NetworkTape;
  // Sums of slope and slope * (frame - mean) of a block, or what the first block has instead.
  using SlopeSums = std::vector<double>;

  std::unique_ptr<NetworkTape> TakeTape(int64_t count, bool keep);
  absl::Status PackWeights(std::span<const BlockParameters> parameters, NetworkTape& tape);
  absl::Status ForwardFirst(const BlockParameters& parameters, const Batch& batch, NetworkTape& tape);
  absl::Status ForwardPooled(size_t index, const BlockParameters& parameters, const Batch& batch, bool keep,
                             NetworkTape& tape);
  void GatherLast(const Batch& batch, NetworkTape& tape) const;

  SlopeSums ScatterLast(const Batch& batch, const NetworkTape& tape, const std::vector<float>& gradient);
  absl::StatusOr<SlopeSums> BackwardPooled(size_t index, const Batch& batch, const NetworkTape& tape,
                                           const SlopeSums& sums, const BlockGradients& gradients);
  absl::Status ReduceWeights(size_t index, int64_t shards, const BlockGradients& gradients);

  InputRows<T> InputsOf(size_t index, const Batch& batch, const NetworkTape& tape) const;
  int64_t ShardsOf(size_t index, int64_t count) const;
  const PooledBlock<T>& pooled(size_t index) const { return *pooled_[index - 1]; }

  const NetworkShape shape_;
  engine::Team team_;
  std::vector<std::unique_ptr<PooledBlock<T>>> pooled_;  // of blocks 1 .. n - 2, counted from 0
  const LastBlock last_;
  std::vector<std::unique_ptr<Bench<T>>> benches_;  // one for each thread

  std::vector<std::unique_ptr<NetworkTape>> free_tapes_;
  int64_t slopes_count_ = 0;  // windows that slopes_ have room for
  std::vector<engine::AlignedBuffer<T>> slopes_;
  int64_t weight_sums_size_ = 0;
  engine::AlignedBuffer<float> weight_sums_;
};

}  // namespace timbre::train_engine
