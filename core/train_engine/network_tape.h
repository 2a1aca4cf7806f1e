#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/train_engine/network.h"

namespace timbre::train_engine {

template <typename T>
struct Network<T>::BlockTape {
  engine::AlignedBuffer<T> frames;  // [windows][frames, out]; only where there will be a backward pass
  engine::AlignedBuffer<T> pooled;  // [windows][rows_out, out]
  Normalisation norm;
  engine::AlignedBuffer<std::byte> forward_weights, backward_weights;
};

template <typename T>
struct Network<T>::NetworkTape final : TrainEngine::Tape {
  int64_t capacity = 0;  // windows
  bool has_frames = false;

  SampleMoments samples;
  Normalisation first_norm;
  std::vector<float> first_weight;                // as given: [out, 1, 3]
  std::vector<float> scaled_weight, scaled_bias;  // [3, out], [out], with BatchNorm in them
  std::vector<BlockTape> blocks;                  // pooled ones; [0] stays empty
  LastBlock::Tape last;
  std::vector<float> last_weight;
};

}  // namespace timbre::train_engine
