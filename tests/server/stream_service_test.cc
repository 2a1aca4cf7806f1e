// EmbedStream and TagStream through a real socket, on an encoder whose gate the test holds.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "core/registry/model_registry.h"
#include "core/store/database.h"
#include "server/services/inference_service.h"
#include "tests/fakes/fake_encoder.h"
#include "tests/support/matchers.h"
#include "tests/support/rpc_status.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wav.h"

namespace timbre::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::IsRpcError;
using timbre::testing::IsRpcOk;
using timbre::testing::StatusIs;

constexpr int64_t kWindow = audio::kWindowSamples;
constexpr int64_t kDim = 16384;  // a window's answer fills gRPC's window of flow control

struct Recorder final : embed::Observer {
  void OnAnswer(const embed::AnswerReport& report) override {
    base::MutexLock lock(mutex);
    audio_seconds += report.audio_seconds;
    total += report.timings.total;
    infer += report.timings.infer;
    ++answers;
  }
  void OnEnd(const absl::Status& status, const std::string& model) override {
    base::MutexLock lock(mutex);
    ends.push_back(status);
    models.push_back(model);
  }
  std::vector<absl::Status> Ends() {
    base::MutexLock lock(mutex);
    return ends;
  }
  base::Mutex mutex;
  double audio_seconds = 0;
  absl::Duration total, infer;
  int answers = 0;
  std::vector<absl::Status> ends;
  std::vector<std::string> models;
};

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
    ASSERT_THAT(models_->Publish(version), IsOk());
    ASSERT_THAT(models_->SetLabel("songs", "stable", 1), IsOk());
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
    ASSERT_THAT(stub_->Embed(&context, request, &response), IsRpcOk());
    Await("the call has gone", [&] { return Holders() == 1; });
    calls_before_ = encoder_->calls();
    recorder_.ends.clear();
    recorder_.models.clear();
    recorder_.answers = 0;
    recorder_.audio_seconds = 0;
    recorder_.total = recorder_.infer = absl::ZeroDuration();
  }
  int64_t Holders() { return (*registry_->Acquire({})).use_count() - 1; }
  void TearDown() override {
    encoder_->Release();
    if (server_ != nullptr) server_->Shutdown();
    if (embedder_ != nullptr) embedder_->Stop();
  }

  std::filesystem::path spool() const { return folder_ / "spool"; }

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
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!condition()) {
      ASSERT_LT(absl::Now(), deadline) << what;
      absl::SleepFor(absl::Milliseconds(1));
    }
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
    EXPECT_THAT(stream->Finish(), IsRpcError(grpc::StatusCode::CANCELLED, ::testing::_));
  }

  // Nothing of the stream is left.
  void ExpectFreed() {
    encoder_->Release();
    Await("the stream has ended", [&] { return recorder_.Ends().size() == 1; });
    EXPECT_THAT(recorder_.Ends(), ElementsAre(StatusIs(absl::StatusCode::kCancelled)));
    Await("no window is inside", [&] { return embedder_->load().windows_inside == 0; });
    Await("the reactor is gone", [&] { return Holders() == 1; });
    EXPECT_TRUE(std::filesystem::is_empty(spool()));
    EXPECT_THAT(quotas_->BeginUpload("somebody"), IsOk());
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

TEST_F(StreamServiceTest, AStreamIsCountedLikeARequestAndTimedPieceByPiece) {
  Start();
  grpc::ClientContext context;
  auto stream = stub_->EmbedStream(&context);
  stream->Write(PcmConfig());
  const std::string audio = Windows(3) + std::string(size_t{4} * 22050, '\0');  // and a second of silence
  for (size_t at = 0; at < audio.size(); at += 100'000) stream->Write(Chunk(audio.substr(at, 100'000)));
  stream->WritesDone();
  v1::EmbedStreamResponse last;
  for (v1::EmbedStreamResponse answer; stream->Read(&answer);) last = answer;
  ASSERT_THAT(stream->Finish(), IsRpcOk());
  Await("it has ended", [&] { return recorder_.Ends().size() == 1; });
  EXPECT_THAT(recorder_.Ends(), ElementsAre(IsOk()));
  EXPECT_THAT(recorder_.models, ElementsAre("songs"));
  EXPECT_NEAR(recorder_.audio_seconds, last.final().audio_seconds(), 1e-9);
  EXPECT_GE(recorder_.answers, 2);
  const auto seconds = [](const google::protobuf::Duration& d) {
    return static_cast<double>(d.seconds()) + 1e-9 * d.nanos();
  };
  EXPECT_NEAR(seconds(last.final().timings().total()), absl::ToDoubleSeconds(recorder_.total), 1e-6);
  EXPECT_NEAR(seconds(last.final().timings().infer()), absl::ToDoubleSeconds(recorder_.infer), 1e-6);
  EXPECT_GT(seconds(last.final().timings().decode()), 0);
}

TEST_F(StreamServiceTest, AStreamForNoModelIsCountedToo) {
  Start();
  grpc::ClientContext context;
  auto stream = stub_->EmbedStream(&context);
  v1::EmbedStreamRequest config = PcmConfig();
  config.mutable_config()->set_model("models/nobody");
  stream->Write(config);
  EXPECT_THAT(stream->Finish(), IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("nobody")));
  Await("it has ended", [&] { return recorder_.Ends().size() == 1; });
  EXPECT_THAT(recorder_.models, ElementsAre(""));
}

TEST_F(StreamServiceTest, AWindowComesBackBeforeTheClientSendsOn) {
  Start();
  grpc::ClientContext context;
  auto stream = stub_->EmbedStream(&context);
  stream->Write(PcmConfig());
  v1::EmbedStreamResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_TRUE(answer.has_started());
  for (int i = 0; i < 3; ++i) {
    stream->Write(Chunk(Windows(1)));
    ASSERT_TRUE(stream->Read(&answer));
    EXPECT_NEAR(answer.window().time().start_seconds(), i * 2.678, 0.001);
  }
  context.TryCancel();
  stream->Finish();
}

TEST_F(StreamServiceTest, CancelledWhileItWaitsForTheClientItFreesAll) {
  Start({.uploads = 1});
  CancelledOnce({PcmConfig()}, [&] { Await("it was opened", [&] { return answers_read_ == 1; }); });
  ExpectFreed();
}

TEST_F(StreamServiceTest, CancelledWhileItWaitsForADecoderItFreesAll) {
  Start({.uploads = 1});
  absl::Notification go_on;
  ASSERT_THAT(embedder_->decode_pool().Schedule([&] { go_on.WaitForNotification(); }), IsOk());
  CancelledOnce({PcmConfig(), Chunk(Windows(1))}, [&] {
    Await("it waits", [&] { return embedder_->load().oldest_wait > absl::ZeroDuration(); });
  });
  go_on.Notify();
  encoder_->Release();
  Await("no window is inside", [&] { return embedder_->load().windows_inside == 0; });
  Await("the reactor is gone", [&] { return Holders() == 1; });
  EXPECT_EQ(encoder_->calls(), calls_before_);
}

TEST_F(StreamServiceTest, CancelledWithWindowsInTheEngineItFreesAll) {
  Start({.uploads = 1});
  encoder_->Hold();
  CancelledOnce({PcmConfig(), Chunk(Windows(2))}, [&] { AwaitEngine(); });
  ExpectFreed();
}

TEST_F(StreamServiceTest, CancelledWithWindowsBeforeTheEngineItFreesAll) {
  Start({.uploads = 1});
  encoder_->Hold();
  // Another's window keeps the engine busy.
  grpc::ClientContext context;
  auto other = stub_->EmbedStream(&context);
  other->Write(PcmConfig());
  other->Write(Chunk(Windows(1)));
  AwaitEngine();
  CancelledOnce({PcmConfig(), Chunk(Windows(2))},
                [&] { Await("they wait", [&] { return embedder_->load().windows_waiting == 2; }); });
  encoder_->Release();
  Await("the cancelled one has ended", [&] { return recorder_.Ends().size() == 1; });
  EXPECT_THAT(recorder_.Ends(), ElementsAre(StatusIs(absl::StatusCode::kCancelled)));
  Await("no window is inside", [&] { return embedder_->load().windows_inside == 0; });
  context.TryCancel();
  other->Finish();
}

TEST_F(StreamServiceTest, CancelledWhileItsClientReadsNothingItFreesAll) {
  Start({.uploads = 1});
  constexpr int64_t kMany = 300;  // 20 MB of answers
  std::vector<v1::EmbedStreamRequest> messages = {PcmConfig()};
  messages.resize(1 + kMany, Chunk(Windows(1)));
  const auto held_back = [&] {
    int64_t seen = -1;  // the engine has stopped: the answers are held back
    Await("the answers are held back", [&] {
      absl::SleepFor(absl::Milliseconds(200));
      return std::exchange(seen, encoder_->windows()) == encoder_->windows() && seen > 1;
    });
  };
  CancelledOnce(messages, held_back, /*reads=*/false);
  ExpectFreed();
  EXPECT_LT(encoder_->windows(), kMany);
}

TEST_F(StreamServiceTest, CancelledOverItsQuotaOfWindowsItFreesAll) {
  Start({.windows_per_second = 0.001, .uploads = 1});
  CancelledOnce({PcmConfig(), Chunk(Windows(3)), Chunk(Windows(3))},
                [&] { Await("its first windows are answered", [&] { return answers_read_ == 4; }); });
  ExpectFreed();
}

TEST_F(StreamServiceTest, CancelledWithAFileHalfSentItFreesAll) {
  Start({.uploads = 1});
  v1::EmbedStreamRequest config;
  config.mutable_config()->mutable_format()->mutable_encoded();
  CancelledOnce({config, Chunk(std::string(1 << 20, 'x'))},
                [&] { Await("the spool has it", [&] { return !std::filesystem::is_empty(spool()); }); });
  ExpectFreed();
}

}  // namespace
}  // namespace timbre::services
