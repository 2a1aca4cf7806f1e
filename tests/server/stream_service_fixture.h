#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/atomic_file.h"
#include "core/registry/model_registry.h"
#include "core/store/database.h"
#include "server/services/inference_service.h"
#include "tests/fakes/fake_encoder.h"
#include "tests/support/busy_thread.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/rpc_status.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wav.h"

namespace timbre::services {

inline constexpr int64_t kWindow = audio::kWindowSamples;
inline constexpr int64_t kDim = 16384;  // a window's answer fills gRPC's window of flow control

// What the embedder's observer was told.
class Recorder final : public embed::Observer {
 public:
  struct Seen {
    double audio_seconds = 0;
    absl::Duration total, infer;
    int answers = 0;
    std::vector<absl::Status> ends;
    std::vector<std::string> models;
    std::vector<embed::Priority> priorities;  // of the answers
  };
  void OnAnswer(const embed::AnswerReport& report) override {
    base::MutexLock lock(mutex_);
    seen_.audio_seconds += report.audio_seconds;
    seen_.total += report.timings.total;
    seen_.infer += report.timings.infer;
    ++seen_.answers;
    seen_.priorities.push_back(report.priority);
  }
  void OnEnd(const absl::Status& status, const std::string& model) override {
    base::MutexLock lock(mutex_);
    seen_.ends.push_back(status);
    seen_.models.push_back(model);
  }
  Seen seen() const {
    base::MutexLock lock(mutex_);
    return seen_;
  }
  void Forget() {
    base::MutexLock lock(mutex_);
    seen_ = {};
  }

 private:
  mutable base::Mutex mutex_;
  Seen seen_ ABSL_GUARDED_BY(mutex_);
};

// EmbedStream and TagStream through a real socket, on an encoder whose gate the test holds.
class StreamServiceTest : public ::testing::Test {
 protected:
  void Start(const security::Quota& quota = {}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, store::Database::OpenInMemoryForTest());
    TIMBRE_ASSERT_OK_AND_ASSIGN(models_,
                                registry::ModelStore::Create(std::move(database), folder_ / "models"));
    registry::ModelStore::NewVersion version;
    version.model = "songs";
    version.card.embedding_dim = kDim;
    version.encoder["scale"] = {{1}, {1}};
    ASSERT_THAT(models_->Publish(version), timbre::testing::IsOk());
    ASSERT_THAT(models_->SetLabel("songs", "stable", 1), timbre::testing::IsOk());
    registry_ = std::make_unique<registry::ModelRegistry>(
        *models_,
        [this](const registry::Version&, const registry::VersionWeights&)
            -> absl::StatusOr<std::shared_ptr<engine::Encoder>> { return encoder_; });
    embed::Embedder::Options options;
    options.batcher.observer = &recorder_;
    embedder_ = std::make_unique<embed::Embedder>(*registry_, options);
    quotas_ = std::make_unique<security::Quotas>(security::Quotas::Options{.each = quota});
    gate_ = std::make_unique<security::Gate>(security::Gate::Options{}, *quotas_);
    environment_.emplace(rpc::CallEnvironment{.draining = &draining_, .gate = *gate_});
    pool_ = base::ThreadPool::Start({});
    runner_ = std::make_unique<rpc::UnaryRunner>(*environment_, *pool_);
    std::filesystem::create_directories(spool());
    ServerFacts facts;
    facts.limits.set_max_encoded_stream_bytes(1 << 30);
    service_ = std::make_unique<InferenceService>(
        InferenceService::Dependencies{*embedder_, *models_, *runner_, facts, spool()});
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::InferenceService::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
    WarmUp();
  }

  // Loads the model; from here on the registry alone holds it.
  void WarmUp() {
    v1::EmbedRequest request;
    *request.mutable_audio()->mutable_pcm()->mutable_format() = PcmConfig().config().format().pcm();
    request.mutable_audio()->mutable_pcm()->set_samples(Windows(1));
    v1::EmbedResponse response;
    grpc::ClientContext context;
    ASSERT_THAT(stub_->Embed(&context, request, &response), timbre::testing::IsRpcOk());
    Await("the call has gone", [&] { return Holders() == 1; });
    calls_before_ = encoder_->calls();
    recorder_.Forget();
  }
  int64_t Holders() { return (*registry_->Acquire({})).use_count() - 1; }
  void TearDown() override {
    encoder_->Release();
    if (server_ != nullptr) server_->Shutdown();
    if (embedder_ != nullptr) embedder_->Stop();
  }

  std::filesystem::path spool() const { return folder_ / "spool"; }

  uintmax_t SpooledBytes() const {
    uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(spool())) bytes += file.file_size();
    return bytes;
  }

  static v1::EmbedStreamRequest PcmConfig() {
    v1::EmbedStreamRequest request;
    auto& format = *request.mutable_config()->mutable_format()->mutable_pcm();
    format.set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
    format.set_sample_rate_hz(audio::kSampleRateHz);
    return request;
  }
  static v1::EmbedStreamRequest Chunk(const std::string& bytes) {
    v1::EmbedStreamRequest request;
    request.set_audio_chunk(bytes);
    return request;
  }
  static std::string Windows(int64_t windows) {
    return timbre::testing::FloatBytes(
        timbre::testing::WhiteNoise(0.1, static_cast<size_t>(windows * kWindow), 1));
  }

  static void Await(const char* what, const std::function<bool()>& condition) {
    ASSERT_TRUE(timbre::testing::Eventually(condition)) << what;
  }
  void AwaitEngine() {
    Await("the engine has windows", [&] { return encoder_->calls() > calls_before_; });
  }

  // A stream that gets `messages`, and is cancelled once `there` has returned.
  void CancelledOnce(const std::vector<v1::EmbedStreamRequest>& messages, const std::function<void()>& there,
                     bool reads = true) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    auto stream = stub_->EmbedStream(&context);
    std::thread writer([&] {  // a write may wait until the server reads
      for (const auto& message : messages) {
        if (!stream->Write(message)) return;
      }
    });
    std::thread reader([&] {
      for (v1::EmbedStreamResponse answer; reads && stream->Read(&answer);) ++answers_read_;
    });
    there();
    context.TryCancel();
    writer.join();
    reader.join();
    EXPECT_THAT(stream->Finish(), timbre::testing::IsRpcError(grpc::StatusCode::CANCELLED, ::testing::_));
  }

  // The server has read what the client sent before, a cancel too: later calls on the connection are
  // answered.
  void AwaitWhatWasSent() {
    for (int i = 0; i < 2; ++i) {
      grpc::ClientContext context;
      v1::GetInfoResponse info;
      ASSERT_THAT(stub_->GetInfo(&context, {}, &info), timbre::testing::IsRpcOk());
    }
  }

  // Nothing of the stream is left.
  void ExpectFreed() {
    encoder_->Release();
    Await("the stream has ended", [&] { return recorder_.seen().ends.size() == 1; });
    EXPECT_THAT(recorder_.seen().ends,
                ::testing::ElementsAre(timbre::testing::StatusIs(absl::StatusCode::kCancelled)));
    Await("no window is inside", [&] { return embedder_->load().windows_inside == 0; });
    Await("the reactor is gone", [&] { return Holders() == 1; });
    EXPECT_TRUE(std::filesystem::is_empty(spool()));
    // Of who calls without a name: its address.
    Await("its place among the uploads is free", [&] { return quotas_->BeginUpload("ipv4:127.0.0.1").ok(); });
  }

  const timbre::testing::TempDir folder_;
  const std::shared_ptr<fakes::FakeEncoder> encoder_ =
      std::make_shared<fakes::FakeEncoder>(fakes::FakeEncoder::Options{.embedding_dim = kDim});
  Recorder recorder_;
  std::atomic<bool> draining_ = false;
  std::unique_ptr<registry::ModelStore> models_;
  std::unique_ptr<registry::ModelRegistry> registry_;
  std::unique_ptr<embed::Embedder> embedder_;
  std::unique_ptr<security::Quotas> quotas_;
  std::unique_ptr<security::Gate> gate_;
  std::optional<rpc::CallEnvironment> environment_;
  std::unique_ptr<base::ThreadPool> pool_;
  std::unique_ptr<rpc::UnaryRunner> runner_;
  std::unique_ptr<InferenceService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::InferenceService::Stub> stub_;
  std::atomic<int> answers_read_ = 0;
  int64_t calls_before_ = 0;
};

}  // namespace timbre::services
