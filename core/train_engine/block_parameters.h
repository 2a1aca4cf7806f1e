#pragma once

namespace timbre::train_engine {

// One block's tensors, as LibTorch has them: weight [out, in, kernel], the others [out].
struct BlockParameters {
  const float* weight = nullptr;
  const float* bias = nullptr;
  const float* gamma = nullptr;
  const float* beta = nullptr;
  float* running_mean = nullptr;  // these two are moved
  float* running_var = nullptr;
};

// Where the gradients are written, likewise shaped. That of a bias before BatchNorm is zero: the batch mean
// takes the bias away.
struct BlockGradients {
  float* weight = nullptr;
  float* bias = nullptr;
  float* gamma = nullptr;
  float* beta = nullptr;
};

}  // namespace timbre::train_engine
