#pragma once

// Clients that mean harm against a real server: its memory stays bounded, others are served meanwhile, and it
// ends as asked.

#include <algorithm>
#include <atomic>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/support/process_memory.h"
#include "tests/support/published_model.h"
#include "tests/support/raw_http2.h"
#include "tests/support/rpc_status.h"
#include "tests/support/server_process.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wav.h"
#include "timbre/v1/inference_service.grpc.pb.h"

namespace timbre {

using testing::IsRpcOk;
using testing::RawHttp2;
using Clock = std::chrono::steady_clock;

inline constexpr char kEmbed[] = "/timbre.v1.InferenceService/Embed";
inline constexpr char kEmbedStream[] = "/timbre.v1.InferenceService/EmbedStream";
// Generous, since test machines are shared: what is asked is that nobody is locked out.
inline constexpr auto kProbeDeadline = std::chrono::seconds(15);
inline constexpr auto kAbuse = std::chrono::seconds(2);

inline constexpr char kConfig[] = R"(
  compute_threads: 1
  inference { engine: "torch" }
  limits {
    max_message_bytes: 16777216
    max_transport_memory_bytes: 268435456
    max_metadata_bytes: 8192
    max_concurrent_calls: 100
  }
)";

inline v1::EmbedRequest ShortRequest() {
  v1::EmbedRequest request;
  auto* pcm = request.mutable_audio()->mutable_pcm();
  pcm->set_samples(testing::FloatBytes(testing::Sine(440, 0.5, 4410)));
  pcm->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
  pcm->mutable_format()->set_sample_rate_hz(22050);
  return request;
}

using Credentials = std::shared_ptr<grpc::ChannelCredentials>;

// A connection that no other number shares.
inline std::shared_ptr<grpc::Channel> OwnChannel(
    const std::string& address, int number,
    const Credentials& credentials = grpc::InsecureChannelCredentials()) {
  grpc::ChannelArguments arguments;
  arguments.SetInt("timbre.test.channel", number);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

// What an honest client does meanwhile: a health check on a connection of its own, and an Embed on one that
// stays.
class HonestClient {
 public:
  HonestClient(std::string address, Credentials credentials)
      : address_(std::move(address)),
        credentials_(std::move(credentials)),
        stub_(v1::InferenceService::NewStub(OwnChannel(address_, 1000, credentials_))) {}

  void Start() {
    thread_ = std::thread([this] {
      while (!over_) Probe();
    });
  }
  void Stop() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  ~HonestClient() { Stop(); }

  void Probe() {
    Note(CheckHealth());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kProbeDeadline);
    v1::EmbedResponse response;
    Note(stub_->Embed(&context, request_, &response));
  }

  int answers() const { return answers_; }
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  grpc::Status CheckHealth() {
    const auto channel = OwnChannel(address_, ++connections_, credentials_);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kProbeDeadline);
    grpc::health::v1::HealthCheckRequest request;
    grpc::health::v1::HealthCheckResponse response;
    return grpc::health::v1::Health::NewStub(channel)->Check(&context, request, &response);
  }
  void Note(const grpc::Status& status) {
    if (status.ok()) {
      ++answers_;
    } else {
      failures_.push_back(std::to_string(status.error_code()) + ": " + status.error_message());
    }
  }

  const std::string address_;
  const Credentials credentials_;
  const std::unique_ptr<v1::InferenceService::Stub> stub_;
  const v1::EmbedRequest request_ = ShortRequest();
  std::atomic<bool> over_ = false;
  int connections_ = 1000, answers_ = 0;
  std::vector<std::string> failures_;
  std::thread thread_;
};

class AbuseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::PublishModel(server_.state_dir(), "m", 1, {"x"});
    server_.set_config(kConfig + Security());
    server_.Start();
    honest_ = std::make_unique<HonestClient>(server_.address(), HonestCredentials());
    honest_->Probe();  // loads the model
    ASSERT_THAT(honest_->failures(), ::testing::IsEmpty());
    answers_before_ = honest_->answers();
    before_bytes_ = testing::PeakResidentBytes(server_.pid());
    honest_->Start();
  }

  void TearDown() override {
    honest_->Stop();
    EXPECT_THAT(honest_->failures(), ::testing::IsEmpty());
    EXPECT_GE(honest_->answers() - answers_before_, 2);
    const int64_t growth = testing::PeakResidentBytes(server_.pid()) - before_bytes_;
    EXPECT_LT(growth, most_growth_bytes_ + testing::kQuarantineBytes);
    std::fprintf(stderr, "%d honest answers, %ld MiB of growth\n", honest_->answers(),
                 static_cast<long>(growth >> 20));
    EXPECT_EQ(server_.Terminate(), 0);
  }

  // What a subclass adds to the configuration, and how its honest client then connects.
  virtual std::string Security() { return ""; }
  virtual Credentials HonestCredentials() { return grpc::InsecureChannelCredentials(); }

  // A connection after its handshake, with one SETTINGS frame.
  RawHttp2 Connect() {
    RawHttp2 connection(server_.address());
    connection.Send(RawHttp2::Preface() + RawHttp2::Frame(RawHttp2::kSettings, 0, 0, ""));
    return connection;
  }

  // Until the time is over.
  static bool Going(Clock::time_point begin) { return Clock::now() - begin < kAbuse; }

  testing::TempDir folder_;
  testing::ServerProcess server_{TIMBRED_BINARY, folder_.path()};
  std::unique_ptr<HonestClient> honest_;
  int answers_before_ = 0;
  int64_t before_bytes_ = 0;
  int64_t most_growth_bytes_ = int64_t{300} << 20;
};

}  // namespace timbre
