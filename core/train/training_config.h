#pragma once

#include <cstdint>
#include <string>

#include "core/augment/effect.h"
#include "core/loss/objective_config.h"

// Torch-free: what the service, the pipeline and the trainer agree on.
namespace timbre::train {

// Everything that changes the result of a training.
struct TrainingConfig {
  std::string architecture = "sample_cnn";
  double dropout = 0.5;
  int64_t projector_hidden_dim = 512;
  int64_t projector_dim = 64;
  loss::ObjectiveConfig objective = {};  // NT-Xent
  augment::ChainConfig chain;
  double learning_rate = 1e-4;  // Adam, betas 0.9/0.999, eps 1e-8, no weight decay
  int64_t batch_tracks = 96;
  int64_t steps = 1000;
  uint64_t seed = 42;
};

// How a training runs: never changes what is learned (beyond floating-point order).
struct RuntimeConfig {
  std::string device = "auto";     // auto | cpu | cuda:N
  std::string precision = "auto";  // auto | fp32 | bf16 (autocast)
  int loader_workers = 1;
  int torch_threads = 0;  // 0: the server's share
  int64_t snapshot_interval_steps = 100;
  int64_t report_interval_steps = 1;  // a progress event every so many steps
};

}  // namespace timbre::train
