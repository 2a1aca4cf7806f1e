#include "core/metrics/model_metrics.h"

#include <algorithm>
#include <string>

namespace timbre::metrics {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Labels;
using prometheus::Registry;

const prometheus::Histogram::BucketBoundaries& LoadBuckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {.01, .025, .05, .1, .25, .5,
                                                                   1,   2.5,  5,   10, 30};
  return kBuckets;
}

}  // namespace

prometheus::Counter& ModelMetrics::Results::Of(const absl::Status& status) {
  if (status.ok()) return ok;
  return absl::IsNotFound(status) ? refused : failed;
}

ModelMetrics::Results ModelMetrics::MakeResults(prometheus::Family<prometheus::Counter>& family) {
  return {family.Add({{"result", "ok"}}), family.Add({{"result", "refused"}}),
          family.Add({{"result", "failed"}})};
}

ModelMetrics::ModelMetrics(Registry& registry)
    : loads_(MakeResults(BuildCounter()
                             .Name("timbre_model_loads_total")
                             .Help("Versions loaded, by result: ok, refused (not there), failed.")
                             .Register(registry))),
      promotes_(MakeResults(BuildCounter()
                                .Name("timbre_model_promotes_total")
                                .Help("Labels moved, by result: ok, refused (no such version), failed (the "
                                      "old version goes on serving).")
                                .Register(registry))),
      load_seconds_(BuildHistogram()
                        .Name("timbre_model_load_seconds")
                        .Help("Time to read a version and make an encoder of it, when that succeeded.")
                        .Register(registry)
                        .Add({}, LoadBuckets())),
      served_(BuildGauge()
                  .Name("timbre_models_served")
                  .Help("Labels that name a version, of all models.")
                  .Register(registry)
                  .Add({})),
      info_(BuildGauge()
                .Name("timbre_model_info")
                .Help("Always 1: a label, the version it names, and that version's embedding space.")
                .Register(registry)) {}

void ModelMetrics::OnLoaded(const absl::Status& status, absl::Duration took) {
  loads_.Of(status).Increment();
  if (status.ok()) load_seconds_.Observe(absl::ToDoubleSeconds(took));
}

void ModelMetrics::OnPromoted(const absl::Status& status) { promotes_.Of(status).Increment(); }

void ModelMetrics::SetServed(const std::vector<ServedModel>& served) {
  served_.Set(static_cast<double>(served.size()));
  std::map<Labels, prometheus::Gauge*> shown;
  base::MutexLock lock(mutex_);
  for (size_t i = 0; i < std::min(served.size(), kMaxServed); ++i) {
    const ServedModel& model = served[i];
    Labels labels = {{"model", model.model},
                     {"version", std::to_string(model.version)},
                     {"label", model.label},
                     {"space_id", model.space_id}};
    prometheus::Gauge& gauge = info_.Add(labels);
    gauge.Set(1);
    shown.emplace(std::move(labels), &gauge);
  }
  for (const auto& [labels, gauge] : shown_) {
    if (shown.count(labels) == 0) info_.Remove(gauge);
  }
  shown_ = std::move(shown);
}

}  // namespace timbre::metrics
