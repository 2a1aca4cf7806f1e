#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/augment/effect.h"
#include "core/dataset/batch.h"
#include "core/loss/objective_config.h"
#include "core/model/architecture.h"
#include "core/train/observer.h"

// Torch-free: what the service, the pipeline and the trainer agree on.
namespace timbre::train {

enum class OptimizerKind { kAdam, kAdamW, kSgd, kLars };
enum class ScheduleKind { kConstant, kCosine };

// The learning rate of each step: rises linearly over the first warmup_steps, then stays, or falls by half a
// cosine to final_ratio of itself at the end.
struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::kConstant;
  int64_t warmup_steps = 0;
  double final_ratio = 0;  // cosine
};

// How the parameters move. A step of `accumulation_steps` K takes K batches, one after another, and moves by
// the mean of their gradients. To an objective that contrasts the clips of a batch (NT-Xent) that is not a
// batch of K times the size: each of the K sees only its own negatives.
struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::kAdam;
  double learning_rate = 1e-4;
  double weight_decay = 0;                            // LARS: not on biases and BatchNorm; AdamW: decoupled
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // Adam, AdamW
  double momentum = 0.9;                              // SGD, LARS
  bool nesterov = false;                              // SGD, LARS
  double trust_coefficient = 0.001;                   // LARS
  ScheduleConfig schedule = {};
  double gradient_clip_norm = 0;  // L2 norm over all parameters; 0: no clipping
  int64_t accumulation_steps = 1;
  double bias_rate_multiple = 1;         // rate of parameters of one dimension, by the others'
  bool constant_predictor_rate = false;  // the objective's parameters keep learning_rate: rate_groups.h
};

// Everything that changes the result of a training.
struct TrainingConfig {
  std::string architecture = "sample_cnn";
  double dropout = 0.5;
  model::Initialization initialization = model::Initialization::kPytorch;
  int64_t projector_hidden_dim = 512;
  int64_t projector_dim = 64;
  int64_t projector_layers = 2;
  bool projector_bias = false;
  bool projector_batch_norm = false;     // in its hidden layers
  loss::ObjectiveConfig objective = {};  // NT-Xent
  augment::ChainConfig chain;
  OptimizerConfig optimizer;
  double ema_decay = 0;  // > 0: what is published is the moving average of the weights, with this decay
  dataset::BatchUnit batch_unit = dataset::BatchUnit::kTrack;
  int64_t batch_tracks = 96;  // units in a batch
  int64_t views = 2;          // of each unit
  int64_t steps = 1000;
  uint64_t seed = 42;
  std::string embedding_layer = "encoder";  // what the version serves: weights/embedding_layer.h
};

// How a training runs: never changes what is learned (beyond floating-point order).
struct RuntimeConfig {
  std::string device = "auto";     // auto | cpu | cuda:N
  std::string precision = "auto";  // auto | fp32 | bf16 (autocast)
  // What computes the encoder: torch (LibTorch) | timbre (core/train_engine, on the CPU) | auto: timbre where
  // it can. Their dropout masks differ, drawn from the same generator.
  std::string train_engine = "auto";
  int loader_workers = 1;
  int torch_threads = 0;  // 0: the server's share
  int64_t snapshot_interval_steps = 100;
  int64_t report_interval_steps = 1;  // a progress event every so many steps
  // The problems that end the training as failed, with a snapshot, when they are there after
  // health_grace_steps steps. What is not finite always ends it.
  std::vector<HealthProblem> stop_on_health = {};
  int64_t health_grace_steps = 1000;
};

}  // namespace timbre::train
