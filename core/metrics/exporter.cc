#include "core/metrics/exporter.h"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/log.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "core/metrics/call_metrics.h"
#include "core/metrics/embed_metrics.h"
#include "core/metrics/job_metrics.h"
#include "core/metrics/metrics_http.h"
#include "core/metrics/model_metrics.h"
#include "core/metrics/nvml.h"
#include "core/metrics/security_metrics.h"
#include "core/metrics/system_metrics.h"
#include "core/metrics/train_metrics.h"

namespace timbre::metrics {
namespace {

using prometheus::Registry;

// Null for a device that is no GPU, or that cannot be watched.
std::unique_ptr<Nvml> WatchGpu(absl::string_view device) {
  int index = 0;
  if (!absl::ConsumePrefix(&device, "cuda:") || !absl::SimpleAtoi(device, &index)) return nullptr;
  const char* const set = std::getenv("CUDA_VISIBLE_DEVICES");
  const std::string visible = set == nullptr ? "" : set;
  std::unique_ptr<Nvml> gpu = Nvml::Open(index, visible);
  if (gpu == nullptr) {
    base::LogWarning(
        "no metrics of the GPU: NVIDIA's management library does not know cuda:{} of "
        "CUDA_VISIBLE_DEVICES=\"{}\"; numbers and whole UUIDs are understood",
        index, visible);
  }
  return gpu;
}

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
        models_(*registry_),
        calls_(*registry_),
        security_(*registry_),
        jobs_(*registry_),
        gpu_(WatchGpu(options.device)),
        system_(options.state_dir, options.device, gpu_.get()) {
    AddBuildInfo(*registry_, options);
  }

  absl::Status Serve(const std::string& address) {
    TIMBRE_ASSIGN_OR_RETURN(http_, MetricsHttp::Start(address, [this] { return Scrape(); }));
    address_ = http_->address();
    return absl::OkStatus();
  }

  train::Observer& training() override { return training_; }
  jobs::Observer& jobs() override { return jobs_; }
  embed::Observer& inference() override { return inference_; }
  registry::Observer& models() override { return models_; }
  CallMetrics& calls() override { return calls_; }
  SecurityMetrics& security() override { return security_; }

  void SetJobs(const std::string& kind, const std::string& state, int64_t count) override {
    jobs_.SetJobs(kind, state, count);
  }
  void SetSilence(const std::string& kind, absl::Duration silence) override {
    jobs_.SetSilence(kind, silence);
  }

  void SetLoad(const embed::Load& load) override { inference_.SetLoad(load); }
  void SetServedModels(const std::vector<ServedModel>& served) override {
    models_.SetServed(served);
    for (const ServedModel& model : served) inference_.Expect(model.model);
  }

  void OnScrape(std::function<void(Exporter&)> refresh) override {
    base::MutexLock lock(mutex_);
    refresh_ = std::move(refresh);
  }

  std::string Text() const override {
    std::vector<prometheus::MetricFamily> families = registry_->Collect();
    for (prometheus::MetricFamily& family : system_.Collect()) families.push_back(std::move(family));
    return prometheus::TextSerializer().Serialize(families);
  }

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
  ModelMetrics models_;
  PrometheusCallMetrics calls_;
  PrometheusSecurityMetrics security_;
  JobMetrics jobs_;
  const std::unique_ptr<Nvml> gpu_;
  const SystemMetrics system_;
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
