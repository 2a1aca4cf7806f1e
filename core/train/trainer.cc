#include "core/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

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
// A step is reported after this time whatever the interval of steps: a job that is silent looks stuck.
constexpr absl::Duration kMostSilence = absl::Minutes(1);

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
  int64_t next_batch() const override { return progress_.step * config_.optimizer.accumulation_steps; }
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
      TIMBRE_ASSIGN_OR_RETURN(const auto batches, NextBatches(loader, observer, cancel));
      TIMBRE_ASSIGN_OR_RETURN(StepReport report, RunStep(batches, observer, health));
      const auto now = throughput.Step(Throughput::Clock::now(), loader.total_wait(), windows_per_step());
      report.windows_per_second = now.windows_per_second;
      report.data_wait_ratio = now.data_wait_ratio;
      for (const HealthEvent& event : health.Check(report)) observer.OnHealth(event);
      const absl::Status verdict = Verdict(report.step, health);
      Report(report, first || !verdict.ok(), throughput, observer);
      if (report.step % runtime_.snapshot_interval_steps == 0 || report.step == config_.steps) {
        TIMBRE_RETURN_IF_ERROR(Snapshot(observer));
      }
      if (!verdict.ok()) {
        TIMBRE_RETURN_IF_ERROR(Snapshot(observer));
        return verdict;
      }
    }
    return Result();
  }

 private:
  int64_t windows_per_step() const {
    return config_.batch_tracks * config_.views * config_.optimizer.accumulation_steps;
  }

  // Not OK when the config says that what is wrong now must end the training.
  absl::Status Verdict(int64_t step, const HealthMonitor& health) const {
    if (step < runtime_.health_grace_steps) return absl::OkStatus();
    for (const HealthEvent& event : health.ongoing()) {
      const auto& fatal = runtime_.stop_on_health;
      if (std::find(fatal.begin(), fatal.end(), event.problem) == fatal.end()) continue;
      return absl::AbortedError(absl::StrCat("training stopped for its health at step ", step, ": ",
                                             event.message, " The snapshot of this step is kept."));
    }
    return absl::OkStatus();
  }

  // All batches of the next step at once: were a step cut short between them, its snapshot could not be that
  // of the step before.
  absl::StatusOr<std::vector<dataset::ViewBatch>> NextBatches(dataset::ViewLoader& loader, Observer& observer,
                                                              const base::CancelToken& cancel) {
    std::vector<dataset::ViewBatch> batches;
    for (int64_t i = 0; i < config_.optimizer.accumulation_steps; ++i) {
      TIMBRE_ASSIGN_OR_RETURN(dataset::ViewBatch batch, NextBatch(loader, observer, cancel));
      TIMBRE_RETURN_IF_ERROR(CheckBatch(batch, next_batch() + i));
      batches.push_back(std::move(batch));
    }
    return batches;
  }

  // A batch, unless cancelled: then the snapshot is written and the token's status returned.
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
    return batch;
  }

  absl::Status CheckBatch(const dataset::ViewBatch& batch, int64_t number) const {
    const int64_t window = learner_->window_samples();
    if (batch.step == number && batch.tracks == config_.batch_tracks && batch.views == config_.views &&
        batch.window_samples == window &&
        static_cast<int64_t>(batch.samples.size()) == batch.views * batch.tracks * window) {
      return absl::OkStatus();
    }
    return absl::InternalError(absl::StrCat(
        "the loader gave batch ", batch.step, " with ", batch.views, " views of ", batch.tracks,
        " tracks of ", batch.window_samples, " samples; step ", progress_.step, " needs batch ", number,
        " with ", config_.views, " views of ", config_.batch_tracks, " tracks of ", window, " samples"));
  }

  // Counts the step only if it went well.
  absl::StatusOr<StepReport> RunStep(const std::vector<dataset::ViewBatch>& batches, Observer& observer,
                                     HealthMonitor& health) {
    UpdateFigures figures;
    TIMBRE_RETURN_IF_ERROR(model::TorchGuard("training step", [&] {
      figures = learner_->Update(progress_.step, batches);
      return absl::OkStatus();
    }));
    StepReport report{.step = progress_.step + 1,
                      .steps_total = config_.steps,
                      .windows = windows_per_step(),
                      .loss = figures.loss,
                      .learning_rate = figures.learning_rate,
                      .gradient_norm = figures.gradient_norm,
                      .alignment = figures.spread.alignment,
                      .uniformity = figures.spread.uniformity,
                      .embedding_std = figures.spread.embedding_std,
                      .diagnostics = std::move(figures.diagnostics)};
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

  void Report(StepReport& report, bool always, Throughput& throughput, Observer& observer) const {
    const bool last = report.step == config_.steps;
    const bool due = last || report.step % runtime_.report_interval_steps == 0;
    if (!always && !due && throughput.SinceReport() < kMostSilence) return;
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
      result.encoder = model::ExportTensors(*learner_->published().encoder);
      result.projector = model::ExportTensors(*learner_->published().projector);
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
