#include "core/metrics/exporter.h"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <exception>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/metrics/call_metrics.h"
#include "core/metrics/embed_metrics.h"
#include "core/metrics/metrics_http.h"
#include "core/metrics/train_metrics.h"

namespace timbre::metrics {
namespace {

using prometheus::Registry;

// The names of jobs::JobState.
constexpr const char* kJobStates[] = {"QUEUED",     "RUNNING",   "PAUSING", "PAUSED",
                                      "CANCELLING", "SUCCEEDED", "FAILED",  "CANCELLED"};
constexpr const char kOther[] = "other";

void AddBuildInfo(Registry& registry, const Exporter::Options& options) {
  prometheus::BuildGauge()
      .Name("timbre_build_info")
      .Help("Always 1; the labels tell the version and the build.")
      .Register(registry)
      .Add({{"version", options.version}, {"build", options.build}})
      .Set(1);
}

class PrometheusExporter final : public Exporter {
 public:
  // Throws what prometheus-cpp throws.
  explicit PrometheusExporter(const Options& options)
      : registry_(std::make_shared<Registry>(Registry::InsertBehavior::Throw)),
        training_(*registry_, *options.clock),
        inference_(*registry_),
        calls_(*registry_),
        jobs_(prometheus::BuildGauge().Name("timbre_jobs").Help("Jobs by state.").Register(*registry_)) {
    for (const char* state : kJobStates) job_states_[state] = &jobs_.Add({{"state", state}});
    AddBuildInfo(*registry_, options);
  }

  absl::Status Serve(const std::string& address) {
    TIMBRE_ASSIGN_OR_RETURN(http_, MetricsHttp::Start(address, [this] { return Scrape(); }));
    address_ = http_->address();
    return absl::OkStatus();
  }

  train::Observer& training() override { return training_; }
  embed::Observer& inference() override { return inference_; }
  CallMetrics& calls() override { return calls_; }

  void SetJobs(const std::string& state, int64_t count) override {
    const auto found = job_states_.find(state);
    prometheus::Gauge& gauge = found != job_states_.end() ? *found->second : jobs_.Add({{"state", kOther}});
    gauge.Set(static_cast<double>(count));
  }

  void SetLoad(const embed::Load& load) override { inference_.SetLoad(load); }

  void OnScrape(std::function<void(Exporter&)> refresh) override {
    base::MutexLock lock(mutex_);
    refresh_ = std::move(refresh);
  }

  std::string Text() const override { return prometheus::TextSerializer().Serialize(registry_->Collect()); }

  const std::string& address() const override { return address_; }

 private:
  std::string Scrape() {
    base::MutexLock lock(mutex_);  // held meanwhile, so that OnScrape({}) waits for a scrape that runs
    if (refresh_) refresh_(*this);
    return Text();
  }

  base::Mutex mutex_;
  std::function<void(Exporter&)> refresh_ ABSL_GUARDED_BY(mutex_);
  const std::shared_ptr<Registry> registry_;
  TrainMetrics training_;
  EmbedMetrics inference_;
  PrometheusCallMetrics calls_;
  prometheus::Family<prometheus::Gauge>& jobs_;
  std::map<std::string, prometheus::Gauge*> job_states_;  // filled once
  std::string address_;
  std::unique_ptr<MetricsHttp> http_;  // last: it goes first
};

}  // namespace

absl::StatusOr<std::unique_ptr<Exporter>> Exporter::Start(const Options& options) {
  std::unique_ptr<PrometheusExporter> exporter;
  try {
    exporter = std::make_unique<PrometheusExporter>(options);
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("cannot make the metrics: ", error.what()));
  }
  if (!options.address.empty()) TIMBRE_RETURN_IF_ERROR(exporter->Serve(options.address));
  return exporter;
}

}  // namespace timbre::metrics
