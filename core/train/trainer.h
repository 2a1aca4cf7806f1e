#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/dataset/view_loader.h"
#include "core/train/observer.h"
#include "core/train/training_config.h"
#include "core/weights/tensor_file.h"

// Torch-free header: the trainer's inside is behind a pointer.
namespace timbre::train {

// What a training leaves behind.
struct TrainingResult {
  weights::TensorMap encoder;  // the moving averages, if ema_decay is not 0
  weights::TensorMap projector;
  int64_t steps = 0;
  double first_loss = 0;
  double final_loss = 0;  // mean of the last 10 steps
};

// Trains encoder and projector from the views of a loader.
//   TIMBRE_ASSIGN_OR_RETURN(auto trainer, Trainer::Create(config, runtime, snapshot_dir));
//   loader options.first_step = trainer->next_batch();  // > 0 after a restore
//   TIMBRE_ASSIGN_OR_RETURN(auto result, trainer->Run(*loader, observer, cancel));
// A snapshot holds weights, BatchNorm buffers, their moving average and the target's weights, optimiser and
// RNG state and the step; it is written every snapshot_interval_steps and at the end, atomically, as
// `snapshot.pt` in `snapshot_dir`; Create restores from it if it is there. Each view is its own forward pass
// (batch statistics per view). Errors:
// kInvalidArgument config (field and range) · kDataLoss a snapshot that is damaged or does not
// fit the config · the token's status (a snapshot is written first when cancelled) · kAborted the loss or its
// gradient is not finite (told to the observer first; the last snapshot stays), or there is a problem of
// runtime.stop_on_health (a snapshot is written first) · kResourceExhausted memory, disk full · kInternal
// LibTorch. Reproducible: same config, same threads, on a CPU: the same weights, bit for bit, also when
// stopped and restored on the way. Its random numbers are its own: what else draws some in the process does
// not matter. Threads: one. Lifetime: Run once; restore to go on.
class Trainer {
 public:
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(const TrainingConfig& config,
                                                         const RuntimeConfig& runtime,
                                                         const std::filesystem::path& snapshot_dir);
  virtual ~Trainer() = default;

  // Steps done so far.
  virtual int64_t step() const = 0;

  // The number of the batch that Run takes first: each step takes optimizer.accumulation_steps of them.
  virtual int64_t next_batch() const = 0;

  // "cpu, bf16, timbre" or the like, for the job's start event.
  virtual std::string description() const = 0;

  virtual absl::StatusOr<TrainingResult> Run(dataset::ViewLoader& loader, Observer& observer,
                                             const base::CancelToken& cancel) = 0;
};

// Everything wrong with a config, before a job exists. Errors: kInvalidArgument, the message names field,
// value and range.
absl::Status ValidateTrainingConfig(const TrainingConfig& config);
absl::Status ValidateRuntimeConfig(const RuntimeConfig& runtime);

}  // namespace timbre::train
