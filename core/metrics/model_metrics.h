#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <vector>

#include "core/base/mutex.h"
#include "core/metrics/exporter.h"
#include "core/registry/observer.h"

namespace timbre::metrics {

// The timbre_model_* families: loads and promotes by result, the time of loads, and which versions the labels
// name. Clients choose the names of models, so timbre_model_info has at most kMaxServed series at a time, and
// those of what is no longer served go. Threads: safe. Lifetime: the registry outlives it.
class ModelMetrics final : public registry::Observer {
 public:
  static constexpr size_t kMaxServed = 100;

  explicit ModelMetrics(prometheus::Registry& registry);

  void OnLoaded(const absl::Status& status, absl::Duration took) override;
  void OnPromoted(const absl::Status& status) override;

  // The first kMaxServed get a series; the others count into timbre_models_served alone.
  void SetServed(const std::vector<ServedModel>& served);

 private:
  struct Results {
    prometheus::Counter &ok, &refused, &failed;
    prometheus::Counter& Of(const absl::Status& status);
  };
  static Results MakeResults(prometheus::Family<prometheus::Counter>& family);

  Results loads_, promotes_;
  prometheus::Histogram& load_seconds_;
  prometheus::Gauge& served_;
  prometheus::Family<prometheus::Gauge>& info_;
  base::Mutex mutex_;
  std::map<prometheus::Labels, prometheus::Gauge*> shown_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timbre::metrics
