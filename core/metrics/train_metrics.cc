#include "core/metrics/train_metrics.h"

#include <algorithm>
#include <vector>

namespace timbre::metrics {
namespace {

using prometheus::Registry;
using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets& SecondsBuckets() {
  static const Buckets kBuckets = {.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60};
  return kBuckets;
}

// Names come from code, but a label's values must be bounded all the same.
constexpr size_t kMaxDiagnostics = 32;

prometheus::Counter& Counter(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& Histogram(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, SecondsBuckets());
}

prometheus::Family<prometheus::Gauge>& Gauge(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

// Makes the series with its first value.
void Set(prometheus::Family<prometheus::Gauge>& family, double value) { family.Add({}).Set(value); }

const char* Name(train::HealthProblem problem) {
  switch (problem) {
    case train::HealthProblem::kLossAtChance:
      return "loss_at_chance";
    case train::HealthProblem::kCollapse:
      return "collapse";
    case train::HealthProblem::kNotFinite:
      return "not_finite";
    case train::HealthProblem::kStarving:
      return "starving";
  }
  return "other";
}

}  // namespace

TrainMetrics::TrainMetrics(Registry& registry, const base::Clock& clock)
    : clock_(clock),
      steps_(Counter(registry, "timbre_train_steps_total", "Training steps done since the server started.")),
      windows_(Counter(registry, "timbre_train_windows_total",
                       "Windows trained on since the server started; each view of a track is one.")),
      step_seconds_(
          Histogram(registry, "timbre_train_step_seconds",
                    "Time of a training step: the mean between two reports, counted for each step.")),
      step_(Gauge(registry, "timbre_train_step", "Last reported step of the training.")),
      last_step_time_(Gauge(registry, "timbre_train_last_step_timestamp_seconds",
                            "When the last step was reported, in Unix time.")),
      eta_seconds_(Gauge(registry, "timbre_train_eta_seconds", "Estimated time to the training's end.")),
      loss_(Gauge(registry, "timbre_train_loss", "Loss of the last reported step.")),
      learning_rate_(
          Gauge(registry, "timbre_train_learning_rate", "Learning rate of the last reported step.")),
      gradient_norm_(
          Gauge(registry, "timbre_train_gradient_norm", "Norm of the gradient, last reported step.")),
      alignment_(Gauge(registry, "timbre_train_alignment",
                       "Alignment of positive pairs on the unit sphere, last reported step.")),
      uniformity_(Gauge(registry, "timbre_train_uniformity",
                        "Uniformity of the embeddings on the unit sphere, last reported step.")),
      embedding_std_(Gauge(registry, "timbre_train_embedding_std",
                           "Standard deviation of the embeddings over the batch, last reported step.")),
      windows_per_second_(Gauge(registry, "timbre_train_windows_per_second",
                                "Windows trained on a second, since the report before the last.")),
      data_wait_ratio_(Gauge(registry, "timbre_train_data_wait_ratio",
                             "Share of the time that waited for data, since the report before the last.")),
      diagnostics_(Gauge(registry, "timbre_train_diagnostic",
                         "Figures of the training's objective by name, last reported step.")),
      problems_(prometheus::BuildCounter()
                    .Name("timbre_train_health_problems_total")
                    .Help("Problems that trainings reported, by kind.")
                    .Register(registry)),
      snapshots_(Counter(registry, "timbre_train_snapshots_total", "Snapshots written.")),
      snapshot_seconds_(Histogram(registry, "timbre_train_snapshot_seconds", "Time to write a snapshot.")),
      last_snapshot_(Gauge(registry, "timbre_train_last_snapshot_timestamp_seconds",
                           "When the last snapshot was written, in Unix time.")),
      resumes_(
          Counter(registry, "timbre_train_resumes_total", "Times that a training went on from a snapshot.")) {
  using train::HealthProblem;
  for (const HealthProblem problem : {HealthProblem::kLossAtChance, HealthProblem::kCollapse,
                                      HealthProblem::kNotFinite, HealthProblem::kStarving}) {
    problems_.Add({{"problem", Name(problem)}});
  }
}

void TrainMetrics::OnStep(const train::StepReport& report) {
  base::MutexLock lock(mutex_);
  CountSteps(report);
  Set(step_, static_cast<double>(report.step));
  Set(last_step_time_, absl::ToDoubleSeconds(clock_.Now() - absl::UnixEpoch()));
  Set(eta_seconds_, report.eta_seconds);
  Set(loss_, report.loss);
  Set(learning_rate_, report.learning_rate);
  Set(gradient_norm_, report.gradient_norm);
  Set(alignment_, report.alignment);
  Set(uniformity_, report.uniformity);
  Set(embedding_std_, report.embedding_std);
  Set(windows_per_second_, report.windows_per_second);
  Set(data_wait_ratio_, report.data_wait_ratio);
  SetDiagnostics(report.diagnostics);
}

void TrainMetrics::SetDiagnostics(const std::map<std::string, double>& diagnostics) {
  for (const auto& [name, value] : diagnostics) {
    if (diagnostic_names_.size() >= kMaxDiagnostics && !diagnostic_names_.contains(name)) continue;
    diagnostic_names_.insert(name);
    diagnostics_.Add({{"name", name}}).Set(value);
  }
}

void TrainMetrics::CountSteps(const train::StepReport& report) {
  const int64_t step = report.step;
  const absl::Time now = clock_.Now();
  // A training reports its first step, so step 1, or a step back, is another training's beginning.
  const bool goes_on = step > 1 && step > last_step_ && last_step_ > 0;
  const int64_t steps = goes_on ? step - last_step_ : 1;
  steps_.Increment(static_cast<double>(steps));
  windows_.Increment(static_cast<double>(steps * report.windows));
  if (goes_on && last_time_ != absl::InfinitePast()) ObserveSteps(steps, (now - last_time_) / steps);
  last_step_ = step;
  last_time_ = now;
}

void TrainMetrics::ObserveSteps(int64_t steps, absl::Duration each) {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(each));
  const Buckets& buckets = SecondsBuckets();
  std::vector<double> increments(buckets.size() + 1, 0.0);
  increments[std::lower_bound(buckets.begin(), buckets.end(), seconds) - buckets.begin()] =
      static_cast<double>(steps);
  step_seconds_.ObserveMultiple(increments, seconds * static_cast<double>(steps));
}

void TrainMetrics::OnHealth(const train::HealthEvent& event) {
  problems_.Add({{"problem", Name(event.problem)}}).Increment();
}

void TrainMetrics::OnSnapshot(int64_t /*step*/, double seconds) {
  snapshots_.Increment();
  snapshot_seconds_.Observe(seconds);
  Set(last_snapshot_, absl::ToDoubleSeconds(clock_.Now() - absl::UnixEpoch()));
}

void TrainMetrics::OnResumed(int64_t step) {
  resumes_.Increment();
  base::MutexLock lock(mutex_);
  last_step_ = step;
  last_time_ = absl::InfinitePast();
}

}  // namespace timbre::metrics
