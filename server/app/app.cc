#include "server/app/app.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>

#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/base/atomic_file.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/jobs/scheduler.h"
#include "server/app/core_rooms.h"
#include "server/app/doors.h"
#include "server/app/health_port.h"
#include "server/app/listener.h"
#include "server/app/refresh_metrics.h"
#include "server/bodies/job_codec.h"
#include "server/convert/inference_convert.h"
#include "server/observe/call_observer.h"
#include "server/observe/message_counter.h"
#include "server/rpc/builtin_calls.h"
#include "server/services/admin_service.h"
#include "server/services/dataset_service.h"
#include "server/services/inference_service.h"
#include "server/services/job_service.h"
#include "server/services/model_service.h"

namespace timbre::app {
namespace {

constexpr int kRpcThreads = 8;
constexpr size_t kRpcQueue = 1024;
constexpr absl::Duration kWatchersHear = absl::Seconds(1);
// What grpc.health.v1 knows by name.
constexpr const char* kServices[] = {
    v1::InferenceService::service_full_name(), v1::JobService::service_full_name(),
    v1::DatasetService::service_full_name(), v1::ModelService::service_full_name(),
    v1::AdminService::service_full_name()};

services::ServerFacts Facts(const Settings& settings, const CoreRooms& rooms) {
  services::ServerFacts facts;
  facts.version = Version();
  facts.build = Build();
  facts.engine = rooms.engine;
  facts.device = rooms.device;
  v1::Limits& limits = facts.limits;
  limits.set_max_message_bytes(settings.max_message_bytes);
  *limits.mutable_max_audio_duration() = convert::ToProtoDuration(settings.decode.max_duration);
  limits.set_max_expansion(settings.decode.max_expansion);
  limits.set_max_channel_count(settings.decode.max_channels);
  limits.set_min_sample_rate_hz(settings.decode.min_sample_rate_hz);
  limits.set_max_sample_rate_hz(settings.decode.max_sample_rate_hz);
  *limits.mutable_min_audio_duration() = convert::ToProtoDuration(absl::Milliseconds(100));
  *limits.mutable_default_deadline() = convert::ToProtoDuration(settings.default_deadline);
  limits.set_queue_capacity_windows(settings.queue_capacity_windows);
  limits.set_max_encoded_stream_bytes(settings.max_encoded_stream_bytes);
  limits.set_max_upload_bytes(settings.max_upload_bytes);
  limits.set_max_model_upload_bytes(settings.max_model_upload_bytes);
  *limits.mutable_max_stream_duration() = convert::ToProtoDuration(settings.max_stream);
  return facts;
}

jobs::Scheduler::Options SchedulerOptions(const security::Quotas& quotas, jobs::Observer& observer) {
  jobs::Scheduler::Options options;
  // One thing at a time on the device; files are decoded beside it.
  options.lane_of_kind = {{"ssl_training", "device"}, {"linear_probe", "device"}, {"ingest", "files"}};
  options.clock = &base::Clock::System();
  options.hold = true;
  options.max_unfinished_of = [&quotas](const std::string& client) { return quotas.Of(client).jobs; };
  options.on_over_quota = [&quotas] { quotas.OnJobRefused(); };
  options.observer = &observer;
  return options;
}

}  // namespace

class App::Impl {
 public:
  Impl(const Settings& settings, std::function<void()> end)
      : settings_(settings), layout_(settings.state_dir), end_(std::move(end)) {}

  absl::Status Start() {
    TIMBRE_RETURN_IF_ERROR(CheckDataRoot());
    const auto charge = [this](const std::string& account, int64_t windows) {
      return doors_.quotas->OnWindows(account, windows);
    };
    TIMBRE_ASSIGN_OR_RETURN(rooms_, MakeCoreRooms(settings_, layout_, charge));
    TIMBRE_ASSIGN_OR_RETURN(doors_, MakeDoors(settings_, rooms_.exporter->security()));
    call_log_ = std::make_unique<observe::CallLog>(rooms_.exporter->calls());
    environment_ = std::make_unique<rpc::CallEnvironment>(
        rpc::CallEnvironment{.observer = call_log_.get(),
                             .default_deadline = settings_.default_deadline,
                             .draining = &draining_,
                             .gate = *doors_.gate,
                             .max_stream = settings_.max_stream,
                             .budget = &budget_});
    rpc_pool_ = base::ThreadPool::Start({"rpc", kRpcThreads, kRpcQueue});
    runner_ = std::make_unique<rpc::UnaryRunner>(*environment_, *rpc_pool_);
    decode_runner_ = std::make_unique<rpc::UnaryRunner>(*environment_, rooms_.embedder->decode_pool());
    TIMBRE_RETURN_IF_ERROR(StartJobs());
    MakeServices();
    TIMBRE_RETURN_IF_ERROR(Serve());
    scheduler_->Begin();  // not before the port is ours: a second server on it by mistake must run no job
    if (settings_.ready_file.empty()) return absl::OkStatus();
    return base::WriteFileAtomically(settings_.ready_file, absl::StrCat(listener_.address, "\n"));
  }

  void Drain() {
    if (drained_) return;
    drained_ = true;
    const bool served = listener_.server != nullptr;  // else the start failed
    if (served) base::LogInfo("draining: new calls are refused, accepted ones finish");
    const auto deadline =
        std::chrono::system_clock::now() + absl::ToChronoMilliseconds(settings_.drain_grace);
    if (served) listener_.server->GetHealthCheckService()->SetServingStatus(false);
    if (health_port_ != nullptr) health_port_->SetNotServing();
    draining_ = true;
    drain_.Cancel(absl::UnavailableError("the server is draining"));
    // Side by side: a training that takes long to write its snapshot takes no time from the calls.
    std::thread snapshots([this] {
      if (scheduler_ != nullptr) scheduler_->Stop();
    });
    if (served) EndCalls(deadline);
    snapshots.join();
    if (rooms_.exporter != nullptr) rooms_.exporter->OnScrape({});
    if (rooms_.embedder != nullptr) rooms_.embedder->Stop();
    if (rpc_pool_ != nullptr) rpc_pool_->Stop();
    if (served) base::LogInfo("drained");
  }

  const std::string& address() const { return listener_.address; }
  std::string health_address() const { return health_port_ == nullptr ? "" : health_port_->address(); }

 private:
  // Who watches health has a moment to hear that it is over, and holds nothing up after it.
  void EndCalls(std::chrono::system_clock::time_point deadline) {
    absl::Notification ended;
    std::thread watchers([this, &ended] {
      if (ended.WaitForNotificationWithTimeout(kWatchersHear)) return;
      builtin_calls_.Cancel(absl::UnavailableError("the server ends"));
    });
    listener_.server->Shutdown(deadline);
    ended.Notify();
    watchers.join();
  }

  absl::Status CheckDataRoot() const {
    std::error_code error;
    const std::filesystem::path& root = settings_.data_root;
    if (root.empty() || std::filesystem::is_directory(root, error)) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("data_root: ", root.string(),
                     " is not a folder here; make it, or leave data_root out to take uploads alone"));
  }

  absl::Status StartJobs() {
    codec_ = std::make_unique<bodies::JobCodec>(bodies::BodyDependencies{
        .datasets = *rooms_.datasets,
        .models = *rooms_.models,
        .data_root = settings_.data_root,
        .jobs_dir = layout_.jobs,
        .limits = settings_.decode,
        .default_device = rooms_.device,
        .compute_threads = settings_.compute_threads,
        .metrics = &rooms_.exporter->training(),
    });
    SweepSnapshots();
    TIMBRE_ASSIGN_OR_RETURN(scheduler_,
                            jobs::Scheduler::Start(SchedulerOptions(*doors_.quotas, rooms_.exporter->jobs()),
                                                   *rooms_.jobs, *codec_));
    checker_ = std::make_unique<services::SubmissionChecker>(*rooms_.datasets, *rooms_.models);
    catalog_ = std::make_unique<services::DatasetCatalog>(
        *rooms_.datasets, *rooms_.jobs, *scheduler_,
        services::DatasetCatalog::Options{settings_.data_root, &base::Clock::System()});
    rooms_.exporter->OnScrape([this](metrics::Exporter& exporter) { RefreshMetrics(rooms_, exporter); });
    return catalog_->Reconcile();
  }

  // Folders of jobs that were deleted just before the server ended.
  void SweepSnapshots() const {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(layout_.jobs, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code ignored;
      if (absl::IsNotFound(rooms_.jobs->Get(entry->path().filename().string()).status())) {
        std::filesystem::remove_all(entry->path(), ignored);
      }
    }
  }

  void MakeServices() {
    inference_ = std::make_unique<services::InferenceService>(services::InferenceService::Dependencies{
        *rooms_.embedder, *rooms_.models, *runner_, Facts(settings_, rooms_), layout_.spool});
    jobs_ = std::make_unique<services::JobService>(services::JobService::Dependencies{
        *rooms_.jobs, *scheduler_, *checker_, *runner_, layout_.jobs, drain_.token(), *catalog_});
    datasets_ = std::make_unique<services::DatasetService>(
        services::DatasetService::Dependencies{*rooms_.datasets, *catalog_, *runner_, *decode_runner_,
                                               layout_.spool, settings_.max_upload_bytes, settings_.decode});
    models_ = std::make_unique<services::ModelService>(
        services::ModelService::Dependencies{*rooms_.models, *rooms_.registry, *rooms_.embedder, *runner_,
                                             layout_.spool, settings_.max_model_upload_bytes, Build()});
    admin_ = std::make_unique<services::AdminService>(
        services::AdminService::Dependencies{*runner_, *rooms_.database, layout_.backups, end_});
  }

  absl::Status Serve() {
    ListenOptions options{settings_,
                          doors_.credentials->grpc(),
                          {inference_.get(), jobs_.get(), datasets_.get(), models_.get(), admin_.get()},
                          {}};
    options.interceptors.push_back(std::make_unique<rpc::BuiltinCallsFactory>(*environment_, builtin_calls_));
    options.interceptors.push_back(
        std::make_unique<observe::MessageCounterFactory>(rooms_.exporter->calls()));
    TIMBRE_ASSIGN_OR_RETURN(listener_, Listen(std::move(options)));
    for (const char* service : kServices)
      listener_.server->GetHealthCheckService()->SetServingStatus(service, true);
    base::LogInfo("{} serves on {} ({}, {})", Build(), listener_.address, rooms_.engine, SecurityText());
    if (const std::string& metrics = rooms_.exporter->address(); !metrics.empty())
      base::LogInfo("metrics are on http://{}/metrics", metrics);
    if (settings_.health_address.empty()) return absl::OkStatus();
    TIMBRE_ASSIGN_OR_RETURN(health_port_, HealthPort::Start(settings_.health_address, kServices));
    base::LogInfo("health, and nothing else, is on {}, not encrypted", health_port_->address());
    return absl::OkStatus();
  }

  const char* SecurityText() const {
    if (settings_.tls.has_value())
      return settings_.asks_who_calls() ? "TLS, callers are known" : "TLS, open to all";
    return settings_.asks_who_calls() ? "not encrypted, callers are known" : "not encrypted, open to all";
  }

  // In the order of making; destroyed in reverse.
  const Settings settings_;
  const StateLayout layout_;
  const std::function<void()> end_;
  std::atomic<bool> draining_ = false;
  bool drained_ = false;
  base::CancelSource drain_;
  rpc::BuiltinCalls builtin_calls_;
  rpc::ByteBudget budget_{settings_.max_transport_memory_bytes};
  CoreRooms rooms_;
  Doors doors_;
  std::unique_ptr<rpc::CallEnvironment> environment_;
  std::unique_ptr<observe::CallLog> call_log_;
  std::unique_ptr<base::ThreadPool> rpc_pool_;
  std::unique_ptr<rpc::UnaryRunner> runner_;
  std::unique_ptr<rpc::UnaryRunner> decode_runner_;
  std::unique_ptr<bodies::JobCodec> codec_;
  std::unique_ptr<jobs::Scheduler> scheduler_;
  std::unique_ptr<services::SubmissionChecker> checker_;
  std::unique_ptr<services::DatasetCatalog> catalog_;
  std::unique_ptr<services::InferenceService> inference_;
  std::unique_ptr<services::JobService> jobs_;
  std::unique_ptr<services::DatasetService> datasets_;
  std::unique_ptr<services::ModelService> models_;
  std::unique_ptr<services::AdminService> admin_;
  Listener listener_;
  std::unique_ptr<HealthPort> health_port_;
};

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

App::~App() { impl_->Drain(); }

absl::StatusOr<std::unique_ptr<App>> App::Start(const Settings& settings, std::function<void()> end) {
  std::unique_ptr<App> app(new App(std::make_unique<Impl>(settings, std::move(end))));
  TIMBRE_RETURN_IF_ERROR(app->impl_->Start());
  return app;
}

const std::string& App::address() const { return impl_->address(); }

std::string App::health_address() const { return impl_->health_address(); }

void App::Drain() { impl_->Drain(); }

}  // namespace timbre::app
