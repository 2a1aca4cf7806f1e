// Serving under load: promotes that nobody notices, streams that need no memory, a queue that says no.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <sndfile.hh>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "tests/support/in_process_server.h"
#include "tests/support/process_memory.h"
#include "tests/support/published_model.h"
#include "tests/support/rpc_status.h"
#include "tests/support/server_process.h"
#include "tests/support/signals.h"
#include "tests/support/wav.h"

namespace timbre {
namespace {

using testing::Call;
using ::testing::HasSubstr;
using testing::IsRpcError;
using testing::IsRpcOk;

constexpr int kRateHz = 22050;
constexpr int kWindow = 59049;

v1::Audio Pcm(const std::vector<float>& samples) {
  v1::Audio audio;
  audio.mutable_pcm()->set_samples(testing::FloatBytes(samples));
  audio.mutable_pcm()->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
  audio.mutable_pcm()->mutable_format()->set_sample_rate_hz(kRateHz);
  return audio;
}

class ServingTest : public ::testing::Test {
 protected:
  // The embedding of `request_` by a version, or by what is promoted.
  grpc::Status Embed(const std::string& model, v1::EmbedResponse* response) {
    v1::EmbedRequest request;
    *request.mutable_audio() = audio_;
    request.set_model(model);
    return Call(*server_.inference, &v1::InferenceService::Stub::Embed, request, response);
  }
  grpc::Status Promote(int version) {
    v1::SetLabelRequest request;
    request.set_model_version("models/m/versions/" + std::to_string(version));
    v1::SetLabelResponse response;
    return Call(*server_.models, &v1::ModelService::Stub::SetLabel, request, &response);
  }

  testing::InProcessServer server_;
  const v1::Audio audio_ = Pcm(testing::WhiteNoise(0.2, kWindow, 5));
};

TEST_F(ServingTest, TwoHundredPromotesUnderLoadFailNoCallAndEachAnswerIsWhollyOneVersions) {
  testing::PublishModel(server_.state_dir(), "m", 1, {"x"});
  testing::PublishModel(server_.state_dir(), "m", 2, {"x"});
  server_.settings().loaded_versions = 1;  // so that each promote loads its version anew
  server_.Start();
  std::map<std::string, v1::EmbedResponse> expected;
  for (const std::string version : {"models/m/versions/1", "models/m/versions/2"}) {
    ASSERT_THAT(Embed(version, &expected[version]), IsRpcOk());
  }
  std::atomic<bool> over = false;
  std::atomic<int> answers = 0, failed = 0, strange = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] {
      while (!over) {
        v1::EmbedResponse response;
        if (!Embed("", &response).ok()) {
          ++failed;
          continue;
        }
        const v1::EmbedResponse& right = expected[response.model().model_version()];
        ++answers;
        if (response.model().embedding_space_id() != right.model().embedding_space_id()) ++strange;
        for (int d = 0; d < 512; ++d) {
          if (std::abs(response.embedding().values(d) - right.embedding().values(d)) > 1e-4) {
            ++strange;
            break;
          }
        }
      }
    });
  }
  for (int i = 0; i < 200; ++i) EXPECT_THAT(Promote(1 + i % 2), IsRpcOk());
  over = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(strange, 0);
  EXPECT_GT(answers, 20);
}

// Each promote loads its version anew, by a thread of its own; what it took comes back to be used again.
TEST(ServingProcessTest, SixtyPromotesTakeLittleMoreMemoryThanFour) {
  testing::TempDir folder;
  testing::ServerProcess server(TIMBRED_BINARY, folder.path());
  testing::PublishModel(server.state_dir(), "m", 1, {"x"});
  testing::PublishModel(server.state_dir(), "m", 2, {"x"});
  server.set_config("compute_threads: 1 inference { loaded_versions: 1 }");
  server.Start();
  const auto models = v1::ModelService::NewStub(server.channel());
  int64_t early = 0;
  for (int i = 0; i < 60; ++i) {
    v1::SetLabelRequest request;
    request.set_model_version("models/m/versions/" + std::to_string(1 + i % 2));
    v1::SetLabelResponse response;
    ASSERT_THAT(Call(*models, &v1::ModelService::Stub::SetLabel, request, &response), IsRpcOk());
    if (i == 3) early = testing::ResidentBytes(server.pid());
  }
  const int64_t growth = testing::ResidentBytes(server.pid()) - early;
  std::fprintf(stderr, "%.0f MiB more\n", static_cast<double>(growth) / (1 << 20));
  EXPECT_LT(growth, int64_t{200} << 20);
  EXPECT_EQ(server.Terminate(), 0);
}

TEST_F(ServingTest, AFullQueueRefusesAtOnceAndSaysWhenToTryAgain) {
  testing::PublishModel(server_.state_dir(), "m", 1, {"x"});
  server_.settings().queue_capacity_windows = 100;
  server_.Start();
  v1::EmbedResponse warm;
  ASSERT_THAT(Embed("", &warm), IsRpcOk());
  v1::EmbedRequest longer;
  *longer.mutable_audio() = Pcm(testing::WhiteNoise(0.2, 90 * kWindow, 6));
  grpc::ClientContext context;
  v1::EmbedResponse answer;
  std::promise<grpc::Status> ended;
  server_.inference->async()->Embed(&context, &longer, &answer,
                                    [&](const grpc::Status& status) { ended.set_value(status); });
  // It has come in, beside a call that may be inside too, once another is refused.
  v1::EmbedRequest next;
  *next.mutable_audio() = Pcm(testing::WhiteNoise(0.2, 5 * kWindow, 7));
  grpc::Status refused;
  do {
    v1::EmbedResponse response;
    refused = Call(*server_.inference, &v1::InferenceService::Stub::Embed, next, &response);
  } while (refused.ok());
  EXPECT_THAT(refused, IsRpcError(grpc::StatusCode::RESOURCE_EXHAUSTED, HasSubstr("queue is full")));
  google::rpc::RetryInfo retry;
  EXPECT_TRUE(testing::ExtractDetail(refused, &retry));
  EXPECT_THAT(ended.get_future().get(), IsRpcOk());
  EXPECT_EQ(answer.window_count(), 90);
}

TEST_F(ServingTest, APriorityThatIsNoneIsRefusedWithThoseThatAre) {
  testing::PublishModel(server_.state_dir(), "m", 1, {"x"});
  server_.Start();
  for (const auto& [priority, code] :
       std::map<std::string, grpc::StatusCode>{{"bulk", grpc::StatusCode::OK},
                                               {"interactive", grpc::StatusCode::OK},
                                               {"urgent", grpc::StatusCode::INVALID_ARGUMENT}}) {
    grpc::ClientContext context;
    context.AddMetadata("timbre-priority", priority);
    context.AddMetadata("timbre-client", "test");
    v1::EmbedRequest request;
    *request.mutable_audio() = audio_;
    v1::EmbedResponse response;
    const grpc::Status status = server_.inference->Embed(&context, request, &response);
    EXPECT_EQ(status.error_code(), code) << priority << ": " << status.error_message();
    if (!status.ok()) {
      EXPECT_THAT(status.error_message(), HasSubstr("interactive or bulk"));
    }
  }
}

// The windows that come back of so many seconds, to the final answer, which counts as many. `on_half` is
// called when half of them are there.
template <typename Response, typename Stream>
int64_t ReadWindows(Stream& stream, int64_t seconds, const std::function<void()>& on_half) {
  int64_t windows = 0;
  const int64_t half = seconds * kRateHz / kWindow / 2;
  Response response;
  while (stream.Read(&response)) {
    if (response.has_window() && ++windows == half) on_half();
  }
  EXPECT_EQ(response.final().window_count(), windows);
  return windows;
}

// Sends so many seconds of noise; `on_half` is called when half of the windows have come back.
int64_t StreamSeconds(v1::InferenceService::Stub& stub, int64_t seconds,
                      const std::function<void()>& on_half) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(400));
  auto stream = stub.EmbedStream(&context);
  std::thread writer([&] {
    v1::EmbedStreamRequest request;
    auto* format = request.mutable_config()->mutable_format()->mutable_pcm();
    format->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
    format->set_sample_rate_hz(kRateHz);
    bool open = stream->Write(request);
    const std::string second = testing::FloatBytes(testing::WhiteNoise(0.2, kRateHz, 9));
    for (int64_t i = 0; open && i < seconds; ++i) {
      request.set_audio_chunk(second);
      open = stream->Write(request);
    }
    stream->WritesDone();
  });
  const int64_t windows = ReadWindows<v1::EmbedStreamResponse>(*stream, seconds, on_half);
  writer.join();
  EXPECT_THAT(stream->Finish(), IsRpcOk());
  return windows;
}

TEST(StreamMemoryTest, AnHourOfAudioNeedsNoMoreMemoryThanItsFirstHalf) {
  testing::TempDir folder;
  testing::ServerProcess server(TIMBRED_BINARY, folder.path());
  testing::PublishModel(server.state_dir(), "m", 1, {"x"});
  server.Start();
  const auto stub = v1::InferenceService::NewStub(server.channel());
  StreamSeconds(*stub, 60, [] {});  // loads the model
  const int64_t before = testing::PeakResidentBytes(server.pid());
  int64_t half_way = 0;
  const int64_t windows =
      StreamSeconds(*stub, 3600, [&] { half_way = testing::PeakResidentBytes(server.pid()); });
  const int64_t after = testing::PeakResidentBytes(server.pid());
  EXPECT_EQ(windows, 1345);
  ASSERT_GT(before, 0);
  // The hour is 303 MiB of samples.
  EXPECT_LT(half_way - before, int64_t{64} << 20);
  EXPECT_LT(after - half_way, int64_t{8} << 20);
}

// A FLAC file of so many seconds, through a TagStream; the file's megabytes stay on the disk.
int64_t StreamFile(v1::InferenceService::Stub& stub, const std::filesystem::path& path, int64_t seconds,
                   const std::function<void()>& on_half) {
  SndfileHandle file(path, SFM_WRITE, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1, kRateHz);
  const std::vector<float> second = testing::WhiteNoise(0.001, kRateHz, 9);
  for (int64_t i = 0; i < seconds; ++i) file.write(second.data(), kRateHz);
  file = SndfileHandle();  // closed
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(400));
  auto stream = stub.TagStream(&context);
  std::thread writer([&] {
    v1::TagStreamRequest request;
    request.mutable_config()->mutable_format()->mutable_encoded();
    bool open = stream->Write(request);
    std::ifstream bytes(path, std::ios::binary);
    std::string chunk(1 << 16, '\0');
    while (open && bytes.read(chunk.data(), 1 << 16).gcount() > 0) {
      request.set_audio_chunk(chunk.substr(0, static_cast<size_t>(bytes.gcount())));
      open = stream->Write(request);
    }
    stream->WritesDone();
  });
  const int64_t windows = ReadWindows<v1::TagStreamResponse>(*stream, seconds, on_half);
  writer.join();
  EXPECT_THAT(stream->Finish(), IsRpcOk());
  return windows;
}

TEST(StreamMemoryTest, AnHourLongFileToBeTaggedNeedsNoMoreMemoryThanItsFirstHalf) {
  testing::TempDir folder;
  testing::ServerProcess server(TIMBRED_BINARY, folder.path());
  testing::PublishModel(server.state_dir(), "m", 1, {"x"});
  server.Start();
  const auto stub = v1::InferenceService::NewStub(server.channel());
  StreamFile(*stub, folder.path() / "minute.flac", 60, [] {});
  const int64_t before = testing::PeakResidentBytes(server.pid());
  int64_t half_way = 0;
  const int64_t windows = StreamFile(*stub, folder.path() / "hour.flac", 3600,
                                     [&] { half_way = testing::PeakResidentBytes(server.pid()); });
  const int64_t after = testing::PeakResidentBytes(server.pid());
  EXPECT_EQ(windows, 1345);
  EXPECT_GT(std::filesystem::file_size(folder.path() / "hour.flac"), 50U << 20);
  EXPECT_LT(half_way - before, (int64_t{32} << 20) + testing::kQuarantineBytes);
  EXPECT_LT(after - half_way, int64_t{8} << 20);
}

TEST(StreamMemoryTest, AClientThatReadsNothingIsHeldBack) {
  testing::TempDir folder;
  testing::ServerProcess server(TIMBRED_BINARY, folder.path());
  testing::PublishModel(server.state_dir(), "m", 1, {"x"});
  server.Start();
  const auto stub = v1::InferenceService::NewStub(server.channel());
  StreamSeconds(*stub, 60, [] {});
  const int64_t before = testing::PeakResidentBytes(server.pid());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  auto stream = stub->EmbedStream(&context);
  v1::EmbedStreamRequest request;
  auto* format = request.mutable_config()->mutable_format()->mutable_pcm();
  format->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
  format->set_sample_rate_hz(kRateHz);
  ASSERT_TRUE(stream->Write(request));
  request.set_audio_chunk(std::string(1 << 20, '\0'));
  int64_t sent = 0;
  while (sent < 4096 && stream->Write(request)) ++sent;  // until the deadline: the writes block
  EXPECT_LT(sent, 4096);
  EXPECT_LT(testing::PeakResidentBytes(server.pid()) - before, int64_t{64} << 20);
  context.TryCancel();
  v1::EmbedStreamResponse ignored;
  while (stream->Read(&ignored)) {
  }
  stream->Finish();
}

}  // namespace
}  // namespace timbre
