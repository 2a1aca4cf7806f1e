#include "tests/fuzz/service_host.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "core/base/executor.h"
#include "core/jobs/scheduler.h"
#include "core/store/database.h"
#include "core/weights/sample_cnn_layout.h"
#include "server/bodies/job_codec.h"
#include "server/convert/job_convert.h"
#include "server/services/admin_service.h"
#include "server/services/dataset_service.h"
#include "server/services/inference_service.h"
#include "server/services/job_service.h"
#include "server/services/model_service.h"
#include "tests/core/audio/encode_audio.h"
#include "tests/fakes/fake_encoder.h"
#include "tests/fuzz/targets.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"

namespace timbre::fuzz {
namespace {

constexpr int kDim = 4;
constexpr int64_t kMaxMessageBytes = 4 << 20;

audio::DecodeLimits Limits() {
  audio::DecodeLimits limits;
  limits.max_duration = absl::Seconds(12);
  return limits;
}

template <typename T>
T Made(absl::StatusOr<T> made, const char* what) {
  Require(made.ok(), what);
  return *std::move(made);
}

// Ingests are real, all else ends at once.
class Codec final : public jobs::JobCodec {
 public:
  explicit Codec(bodies::BodyDependencies deps) : deps_(std::move(deps)) {}
  absl::StatusOr<jobs::JobBody> MakeBody(const jobs::Job& job) override {
    if (job.kind == "ingest") {
      return jobs::JobBody(
          [this](jobs::JobContext& context) { return bodies::RunIngestBody(deps_, context); });
    }
    return jobs::JobBody([](jobs::JobContext& context) -> absl::StatusOr<std::string> {
      const absl::Status told = context.Emit(convert::PhasePayload("fuzz", 1, 1), 1, 1);
      if (!told.ok()) return told;
      return std::string();
    });
  }
  std::string StatePayload(jobs::JobState state, const absl::Status& error,
                           const std::string& message) override {
    return convert::StatePayload(state, error, message);
  }
  bool CanResume(const jobs::Job&) override { return false; }

 private:
  const bodies::BodyDependencies deps_;
};

// One call as a client has it: reads while it writes, since within one process a server's write waits for its
// reader.
class Conversation {
 public:
  using Call = std::unique_ptr<grpc::GenericClientAsyncReaderWriter>;
  Conversation(Call call, grpc::CompletionQueue& queue, const std::vector<std::string>& messages)
      : call_(std::move(call)), queue_(queue), messages_(messages) {}

  ServiceHost::Answer Run() {
    call_->StartCall(&start_);
    if (Next(&start_)) {
      call_->Read(&response_, &read_);
      Write();
      while (reading_ || writing_) OnEvent();
    }
    call_->Finish(&answer_.status, &finish_);
    Next(&finish_);
    return answer_;
  }

 private:
  bool Next(void* wanted) {
    void* tag = nullptr;
    bool ok = false;
    Require(queue_.Next(&tag, &ok) && tag == wanted, "gRPC's events come as they were asked for");
    return ok;
  }

  void OnEvent() {
    void* tag = nullptr;
    bool ok = false;
    Require(queue_.Next(&tag, &ok), "gRPC has an event");
    if (tag == &read_) {
      reading_ = ok;
      if (!ok) return;
      ++answer_.messages;
      call_->Read(&response_, &read_);
    } else {
      writing_ = ok && !ended_;
      if (writing_) Write();
    }
  }

  // The next message, or the end.
  void Write() {
    ended_ = sent_ == messages_.size();
    if (ended_) return call_->WritesDone(&write_);
    const grpc::Slice slice(messages_[sent_++]);
    call_->Write(grpc::ByteBuffer(&slice, 1), &write_);
  }

  const Call call_;
  grpc::CompletionQueue& queue_;
  const std::vector<std::string>& messages_;
  size_t sent_ = 0;
  bool reading_ = true, writing_ = true, ended_ = false;
  grpc::ByteBuffer response_;
  ServiceHost::Answer answer_;
  char start_ = 0, read_ = 0, write_ = 0, finish_ = 0;  // their addresses are tags
};

}  // namespace

class ServiceHost::Impl {
 public:
  Impl() {
    MakeRooms();
    MakeJobs();
    MakeServices();
    Serve();
    PublishModel();
    IngestDataset();
  }

  ~Impl() {
    queue_.Shutdown();
    void* tag = nullptr;
    for (bool ok = false; queue_.Next(&tag, &ok);) {
    }
    drain_.Cancel(absl::UnavailableError("over"));
    scheduler_->Stop();
    server_->Shutdown();
    embedder_->Stop();
    pool_->Stop();
  }

  Answer Call(const CallSpec& spec) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(static_cast<int64_t>(spec.deadline_seconds * 1000)));
    for (const auto& [key, value] : spec.metadata) context.AddMetadata(key, value);
    grpc::GenericStub stub(channel_);
    return Conversation(stub.PrepareCall(&context, spec.method, &queue_), queue_, spec.messages).Run();
  }

 private:
  void MakeRooms() {
    for (const char* name : {"models", "datasets", "jobs", "spool", "data"}) {
      std::filesystem::create_directories(folder_ / name);
    }
    database_ = Made(store::Database::Open(folder_ / "timbre.db"), "a database opens");
    jobs_ = Made(jobs::JobStore::Create(database_), "a job store opens");
    datasets_ = Made(registry::DatasetStore::Create(database_, folder_ / "datasets"), "data sets open");
    models_ = Made(registry::ModelStore::Create(database_, folder_ / "models"), "models open");
    registry_ = std::make_unique<registry::ModelRegistry>(
        *models_,
        [](const registry::Version&,
           const registry::VersionWeights&) -> absl::StatusOr<std::shared_ptr<engine::Encoder>> {
          return std::make_shared<fakes::FakeEncoder>();
        });
    embed::Embedder::Options options;
    options.limits = Limits();
    options.batcher.clock = &base::Clock::System();
    embedder_ = std::make_unique<embed::Embedder>(*registry_, options);
  }

  void MakeJobs() {
    codec_ = std::make_unique<Codec>(bodies::BodyDependencies{.datasets = *datasets_,
                                                              .models = *models_,
                                                              .data_root = folder_ / "data",
                                                              .jobs_dir = folder_ / "jobs",
                                                              .limits = Limits(),
                                                              .default_device = "cpu"});
    jobs::Scheduler::Options options;
    options.lane_of_kind = {{"ssl_training", "device"}, {"linear_probe", "device"}, {"ingest", "files"}};
    options.clock = &base::Clock::System();
    scheduler_ = Made(jobs::Scheduler::Start(options, *jobs_, *codec_), "the scheduler starts");
    checker_ = std::make_unique<services::SubmissionChecker>(*datasets_, *models_);
    catalog_ = std::make_unique<services::DatasetCatalog>(
        *datasets_, *jobs_, *scheduler_,
        services::DatasetCatalog::Options{folder_ / "data", &base::Clock::System()});
  }

  void MakeServices() {
    pool_ = base::ThreadPool::Start({"rpc", 2, 64});
    runner_ = std::make_unique<rpc::UnaryRunner>(environment_, *pool_);
    decode_runner_ = std::make_unique<rpc::UnaryRunner>(environment_, embedder_->decode_pool());
    services::ServerFacts facts;
    facts.limits.set_max_encoded_stream_bytes(1 << 20);
    const std::filesystem::path spool = folder_ / "spool";
    services_.push_back(std::make_unique<services::InferenceService>(
        services::InferenceService::Dependencies{*embedder_, *models_, *runner_, facts, spool}));
    services_.push_back(std::make_unique<services::JobService>(services::JobService::Dependencies{
        *jobs_, *scheduler_, *checker_, *runner_, folder_ / "jobs", drain_.token(), *catalog_}));
    services_.push_back(std::make_unique<services::DatasetService>(services::DatasetService::Dependencies{
        *datasets_, *catalog_, *runner_, *decode_runner_, spool, 1 << 20, Limits()}));
    services_.push_back(std::make_unique<services::ModelService>(services::ModelService::Dependencies{
        *models_, *registry_, *embedder_, *runner_, spool, 1 << 20, "fuzz"}));
    services_.push_back(std::make_unique<services::AdminService>(
        services::AdminService::Dependencies{*runner_, *database_, folder_ / "backups", {}}));
  }

  void Serve() {
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    for (const auto& service : services_) builder.RegisterService(service.get());
    server_ = builder.BuildAndStart();
    Require(server_ != nullptr, "the server starts");
    channel_ = server_->InProcessChannel({});
  }

  void PublishModel() {
    registry::ModelStore::NewVersion version;
    version.model = std::string("m");
    version.card.embedding_dim = kDim;
    for (const auto& [name, shape] : weights::SampleCnnShapes()) {  // one channel wide
      version.encoder[name] = {std::vector<int64_t>(shape.size(), 1), {0.5F}};
    }
    version.card.weights_digest = weights::DigestTensors(version.encoder);
    Made(models_->Publish(version), "a model is published");
    registry::Tagger tagger;
    tagger.tags = {"calm", "fast"};
    weights::TensorMap head;
    head["weight"] = {{2, kDim}, std::vector<float>(2 * kDim, 0.1F)};
    head["bias"] = {{2}, {0.1F, -0.1F}};
    Made(models_->AddTagger("m", 1, tagger, head), "a tagger is published");
    Require(models_->SetLabel("m", "stable", 1).ok(), "a model is promoted");
  }

  // Over when its job's watch is.
  void IngestDataset() {
    const std::filesystem::path source = folder_ / "data" / "d";
    for (const char* name : {"a.wav", "b.wav"}) {
      const std::vector<std::byte> wav = testing::EncodeAudio(testing::Sine(440, 0.5, 4410), {});
      testing::WriteFile(source / name, {reinterpret_cast<const char*>(wav.data()), wav.size()});
    }
    testing::WriteFile(source / "annotations.csv", "path,calm,fast\na.wav,1,0\nb.wav,0,1\n");
    const auto created =
        Made(catalog_->Create({.id = "d", .path = "d", .track_id_pattern = "", .client = "fuzz"}),
             "a data set is made");
    v1::WatchJobRequest watch;
    watch.set_name(created.job);
    Call({.method = "/timbre.v1.JobService/WatchJob",
          .messages = {watch.SerializeAsString()},
          .metadata = {}});
    const auto dataset = Made(datasets_->Get("d"), "the data set is there");
    Require(dataset.state == registry::DatasetState::kReady, "the data set is ready");
  }

  // In the order of making; destroyed in reverse.
  const testing::TempDir folder_;
  std::atomic<bool> draining_ = false;
  base::CancelSource drain_;
  security::Quotas quotas_{{}};
  const security::Gate gate_{{}, quotas_};
  const rpc::CallEnvironment environment_{.draining = &draining_, .gate = gate_};
  std::shared_ptr<store::Database> database_;
  std::unique_ptr<jobs::JobStore> jobs_;
  std::unique_ptr<registry::DatasetStore> datasets_;
  std::unique_ptr<registry::ModelStore> models_;
  std::unique_ptr<registry::ModelRegistry> registry_;
  std::unique_ptr<embed::Embedder> embedder_;
  std::unique_ptr<base::ThreadPool> pool_;
  std::unique_ptr<rpc::UnaryRunner> runner_, decode_runner_;
  std::unique_ptr<Codec> codec_;
  std::unique_ptr<jobs::Scheduler> scheduler_;
  std::unique_ptr<services::SubmissionChecker> checker_;
  std::unique_ptr<services::DatasetCatalog> catalog_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::CompletionQueue queue_;  // of the client
};

ServiceHost::ServiceHost() : impl_(std::make_unique<Impl>()) {}
ServiceHost::~ServiceHost() = default;

ServiceHost::Answer ServiceHost::Call(const CallSpec& call) { return impl_->Call(call); }

}  // namespace timbre::fuzz
