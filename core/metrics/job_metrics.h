#pragma once

#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

#include "absl/time/time.h"
#include "core/jobs/observer.h"

namespace timbre::metrics {

// The families timbre_jobs and timbre_job_*. All kinds and states stand at 0 from the start; others share one
// series. Threads: safe. Lifetime: the registry outlives it.
class JobMetrics final : public jobs::Observer {
 public:
  explicit JobMetrics(prometheus::Registry& registry);

  void OnBegun(const std::string& kind, absl::Duration waited) override;

  // As Exporter's.
  void SetJobs(const std::string& kind, const std::string& state, int64_t count);
  void SetSilence(const std::string& kind, absl::Duration silence);

 private:
  prometheus::Family<prometheus::Gauge>&jobs_, &silence_;
  prometheus::Family<prometheus::Histogram>& queue_seconds_;
};

}  // namespace timbre::metrics
