#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/train/observer.h"

namespace timbre::metrics {

// The timbre_train_* families. One training runs at a time, so no series names it. Counters start at 0; a
// figure of a training (loss, speed, ...) has no series before the first step was seen, and keeps its last
// value when the training ends: read it together with timbre_jobs{state="RUNNING"}. A report may stand for
// many steps: the steps since the previous one are counted, and each gets their mean time. An objective's own
// figures are timbre_train_diagnostic{name}: the first 32 names, later ones get no series. Threads: safe.
// Lifetime: registry and clock outlive it.
class TrainMetrics final : public train::Observer {
 public:
  TrainMetrics(prometheus::Registry& registry, const base::Clock& clock);

  void OnStep(const train::StepReport& report) override;
  void OnHealth(const train::HealthEvent& event) override;
  void OnSnapshot(int64_t step, double seconds) override;
  void OnResumed(int64_t step) override;

 private:
  using GaugeFamily = prometheus::Family<prometheus::Gauge>;

  void CountSteps(const train::StepReport& report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ObserveSteps(int64_t steps, absl::Duration each);
  void SetDiagnostics(const std::map<std::string, double>& diagnostics) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const base::Clock& clock_;
  prometheus::Counter &steps_, &windows_;
  prometheus::Histogram& step_seconds_;
  GaugeFamily &step_, &last_step_time_, &eta_seconds_, &loss_, &learning_rate_, &gradient_norm_, &alignment_,
      &uniformity_, &embedding_std_, &windows_per_second_, &data_wait_ratio_;
  GaugeFamily& diagnostics_;
  prometheus::Family<prometheus::Counter>& problems_;
  prometheus::Counter& snapshots_;
  prometheus::Histogram& snapshot_seconds_;
  GaugeFamily& last_snapshot_;
  prometheus::Counter& resumes_;

  base::Mutex mutex_;
  std::set<std::string> diagnostic_names_ ABSL_GUARDED_BY(mutex_);
  int64_t last_step_ ABSL_GUARDED_BY(mutex_) = 0;
  // InfinitePast: the time up to the next report says nothing about a step.
  absl::Time last_time_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace timbre::metrics
