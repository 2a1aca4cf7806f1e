#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "core/train/trainer.h"
#include "tests/fakes/fake_view_loader.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::train {

constexpr int64_t kWindow = 59049;

// The narrow encoder, so that a step takes milliseconds.
inline TrainingConfig TinyConfig(int64_t steps) {
  TrainingConfig config;
  config.architecture = "sample_cnn_tiny";
  config.batch_tracks = 2;
  config.optimizer.learning_rate = 1e-3;
  config.steps = steps;
  return config;
}

inline RuntimeConfig OnCpu() {
  return {.device = "cpu", .precision = "auto", .snapshot_interval_steps = 1000};
}

struct Recorder final : Observer {
  void OnStep(const StepReport& report) override { steps.push_back(report); }
  void OnHealth(const HealthEvent& event) override { problems.push_back(event.problem); }
  void OnSnapshot(int64_t step, double) override { snapshots.push_back(step); }
  void OnResumed(int64_t step) override { resumed.push_back(step); }

  std::vector<StepReport> steps;
  std::vector<HealthProblem> problems;
  std::vector<int64_t> snapshots, resumed;
};

using OnBatch = std::function<void(dataset::ViewBatch&)>;

// Creates a trainer and runs it on the fake's batches, from where it stands.
inline absl::StatusOr<TrainingResult> Train(const TrainingConfig& config, const RuntimeConfig& runtime,
                                            const timbre::testing::TempDir& dir, Recorder& recorder,
                                            OnBatch on_batch = nullptr,
                                            const base::CancelToken& cancel = {}) {
  auto trainer = Trainer::Create(config, runtime, dir.path());
  if (!trainer.ok()) return trainer.status();
  fakes::FakeViewLoader loader(config.batch_tracks, kWindow, (*trainer)->next_batch(),
                               static_cast<int>(config.views));
  loader.set_on_batch(std::move(on_batch));
  return (*trainer)->Run(loader, recorder, cancel);
}

// Trains, is cancelled when the loader gives batch `batch`, and is restored.
inline absl::StatusOr<TrainingResult> TrainInTwoParts(const TrainingConfig& config, int64_t batch,
                                                      Recorder& recorder,
                                                      const RuntimeConfig& runtime = OnCpu()) {
  timbre::testing::TempDir dir;
  base::CancelSource source;
  const auto stop = [&](dataset::ViewBatch& given) {
    if (given.step == batch) source.Cancel(absl::CancelledError("the user asked"));
  };
  Recorder first;
  const auto stopped = Train(config, runtime, dir, first, stop, source.token());
  if (!absl::IsCancelled(stopped.status())) return absl::InternalError("it was not stopped");
  return Train(config, runtime, dir, recorder);
}

}  // namespace timbre::train
