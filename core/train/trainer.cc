#include "core/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/log_line.h"
#include "core/base/status_macros.h"
#include "core/model/device.h"
#include "core/model/tensor_cache.h"
#include "core/model/torch_guard.h"
#include "core/train/fingerprint.h"
#include "core/train/health.h"
#include "core/train/learner.h"
#include "core/train/snapshot.h"
#include "core/train/throughput.h"

namespace timbre::train {
namespace {

constexpr size_t kFinalLosses = 10;

class TorchTrainer final : public Trainer {
 public:
  TorchTrainer(const TrainingConfig& config, const RuntimeConfig& runtime, std::filesystem::path snapshot)
      : config_(config),
        runtime_(runtime),
        snapshot_(std::move(snapshot)),
        fingerprint_(Fingerprint(config)) {}

  absl::Status Prepare() {
    if (runtime_.torch_threads > 0) model::SetTorchThreads(runtime_.torch_threads);
    TIMBRE_ASSIGN_OR_RETURN(learner_, Learner::Create(config_, runtime_));
    auto progress = ReadSnapshot(snapshot_, fingerprint_, *learner_);
    if (progress.ok()) {
      progress_ = *std::move(progress);
      snapshot_step_ = progress_.step;
      return absl::OkStatus();
    }
    return absl::IsNotFound(progress.status()) ? absl::OkStatus() : progress.status();
  }

  int64_t step() const override { return progress_.step; }
  std::string description() const override { return learner_->description(); }

  absl::StatusOr<TrainingResult> Run(dataset::ViewLoader& loader, Observer& observer,
                                     const base::CancelToken& cancel) override {
    if (runtime_.torch_threads > 0)
      model::SetTorchThreads(runtime_.torch_threads);  // this thread's share, too
    const model::TensorCacheScope reuse_memory;
    if (progress_.step > 0) observer.OnResumed(progress_.step);
    HealthMonitor health(learner_->chance_loss());
    Throughput throughput(Throughput::Clock::now(), loader.total_wait());
    for (bool first = true; progress_.step < config_.steps; first = false) {
      TIMBRE_ASSIGN_OR_RETURN(const dataset::ViewBatch batch, NextBatch(loader, observer, cancel));
      TIMBRE_ASSIGN_OR_RETURN(StepReport report, RunStep(batch, observer, health));
      const auto now =
          throughput.Step(Throughput::Clock::now(), loader.total_wait(), batch.tracks * batch.views);
      report.windows_per_second = now.windows_per_second;
      report.data_wait_ratio = now.data_wait_ratio;
      for (const HealthEvent& event : health.Check(report)) observer.OnHealth(event);
      Report(report, first, throughput, observer);
      if (report.step % runtime_.snapshot_interval_steps == 0 || report.step == config_.steps) {
        TIMBRE_RETURN_IF_ERROR(Snapshot(observer));
      }
    }
    return Result();
  }

 private:
  // A batch that fits, unless cancelled: then the snapshot is written and the token's status returned.
  absl::StatusOr<dataset::ViewBatch> NextBatch(dataset::ViewLoader& loader, Observer& observer,
                                               const base::CancelToken& cancel) {
    absl::StatusOr<dataset::ViewBatch> batch = absl::CancelledError("");
    if (!cancel.cancelled()) batch = loader.Next();
    if (const absl::Status cancelled = cancel.Check(); !cancelled.ok()) {
      // Whoever cancelled must hear its own status; without this snapshot the training goes on from the one
      // before.
      if (const absl::Status saved = Snapshot(observer); !saved.ok()) {
        base::LogErrorLine(absl::StrCat("no snapshot at step ", progress_.step, ": ", saved.ToString()));
      }
      return cancelled;
    }
    TIMBRE_RETURN_IF_ERROR(batch.status());
    if (batch->step != progress_.step || batch->tracks != config_.batch_tracks || batch->views < 2 ||
        batch->window_samples != learner_->window_samples() ||
        static_cast<int64_t>(batch->samples.size()) != batch->views * batch->tracks * batch->window_samples) {
      return absl::InternalError(absl::StrCat("the loader gave the batch of step ", batch->step, " with ",
                                              batch->views, " views of ", batch->tracks, " tracks of ",
                                              batch->window_samples, " samples; step ", progress_.step,
                                              " needs 2 or more views of ", config_.batch_tracks,
                                              " tracks of ", learner_->window_samples(), " samples"));
    }
    return batch;
  }

  // Counts the step only if it went well.
  absl::StatusOr<StepReport> RunStep(const dataset::ViewBatch& batch, Observer& observer,
                                     HealthMonitor& health) {
    UpdateFigures figures;
    TIMBRE_RETURN_IF_ERROR(model::TorchGuard("training step", [&] {
      figures = learner_->Update(batch);
      return absl::OkStatus();
    }));
    StepReport report{.step = progress_.step + 1,
                      .steps_total = config_.steps,
                      .loss = figures.loss,
                      .learning_rate = config_.learning_rate,
                      .gradient_norm = figures.gradient_norm,
                      .alignment = figures.spread.alignment,
                      .uniformity = figures.spread.uniformity,
                      .embedding_std = figures.spread.embedding_std};
    if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) {
      for (const HealthEvent& event : health.Check(report)) observer.OnHealth(event);
      return absl::AbortedError(absl::StrCat("training stopped at step ", report.step, ": loss ", report.loss,
                                             ", gradient norm ", report.gradient_norm,
                                             "; the snapshot of step ", snapshot_step_, " is kept"));
    }
    if (progress_.step == 0) progress_.first_loss = report.loss;
    progress_.last_losses.push_back(report.loss);
    if (progress_.last_losses.size() > kFinalLosses)
      progress_.last_losses.erase(progress_.last_losses.begin());
    ++progress_.step;
    return report;
  }

  void Report(StepReport& report, bool first, Throughput& throughput, Observer& observer) const {
    const bool last = report.step == config_.steps;
    if (!first && !last && report.step % runtime_.report_interval_steps != 0) return;
    const auto figures = throughput.TakeReport();
    report.windows_per_second = figures.windows_per_second;
    report.data_wait_ratio = figures.data_wait_ratio;
    report.eta_seconds = throughput.EtaSeconds(config_.steps - report.step);
    observer.OnStep(report);
  }

  absl::Status Snapshot(Observer& observer) {
    if (snapshot_step_ == progress_.step) return absl::OkStatus();
    const auto start = Throughput::Clock::now();
    TIMBRE_RETURN_IF_ERROR(WriteSnapshot(snapshot_, fingerprint_, progress_, *learner_));
    snapshot_step_ = progress_.step;
    observer.OnSnapshot(progress_.step,
                        std::chrono::duration<double>(Throughput::Clock::now() - start).count());
    return absl::OkStatus();
  }

  absl::StatusOr<TrainingResult> Result() const {
    TrainingResult result;
    TIMBRE_RETURN_IF_ERROR(model::TorchGuard("exporting weights", [&] {
      result.encoder = model::ExportTensors(learner_->encoder());
      result.projector = model::ExportTensors(learner_->projector());
      return absl::OkStatus();
    }));
    result.steps = progress_.step;
    result.first_loss = progress_.first_loss;
    const auto& losses = progress_.last_losses;
    result.final_loss = std::accumulate(losses.begin(), losses.end(), 0.0) /
                        static_cast<double>(std::max<size_t>(losses.size(), 1));
    return result;
  }

  const TrainingConfig config_;
  const RuntimeConfig runtime_;
  const std::filesystem::path snapshot_;
  const std::string fingerprint_;
  std::unique_ptr<Learner> learner_;
  Progress progress_;
  int64_t snapshot_step_ = 0;  // of the snapshot on disk
};

}  // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(const TrainingConfig& config,
                                                         const RuntimeConfig& runtime,
                                                         const std::filesystem::path& snapshot_dir) {
  TIMBRE_RETURN_IF_ERROR(ValidateTrainingConfig(config));
  TIMBRE_RETURN_IF_ERROR(ValidateRuntimeConfig(runtime));
  auto trainer = std::make_unique<TorchTrainer>(config, runtime, snapshot_dir / "snapshot.pt");
  TIMBRE_RETURN_IF_ERROR(trainer->Prepare());
  return trainer;
}

}  // namespace timbre::train
