// Embed, Tag, the streams and GetInfo through a real server and a real socket.
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/support/in_process_server.h"
#include "tests/support/published_model.h"
#include "tests/support/rpc_status.h"
#include "tests/support/signals.h"
#include "tests/support/wav.h"

namespace timbre {
namespace {

using testing::Call;
using ::testing::HasSubstr;
using testing::IsRpcError;
using testing::IsRpcOk;

constexpr size_t kWindow = 59049;

class InferenceServiceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new testing::InProcessServer();
    server_->settings().decode.max_duration = absl::Seconds(30);
    server_->settings().max_message_bytes = 8 << 20;
    testing::PublishModel(server_->state_dir(), "demo", 7, {"drums", "piano", "voice"});
    server_->Start();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  static v1::Audio Pcm(const std::vector<float>& samples, int rate_hz = 22050, int channels = 1) {
    v1::Audio audio;
    audio.mutable_pcm()->set_samples(testing::FloatBytes(samples));
    audio.mutable_pcm()->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
    audio.mutable_pcm()->mutable_format()->set_sample_rate_hz(rate_hz);
    audio.mutable_pcm()->mutable_format()->set_channel_count(channels);
    return audio;
  }

  static grpc::Status Embed(const v1::EmbedRequest& request, v1::EmbedResponse* response) {
    return Call(*server_->inference, &v1::InferenceService::Stub::Embed, request, response);
  }
  static grpc::Status EmbedAudio(const v1::Audio& audio) {
    v1::EmbedRequest request;
    *request.mutable_audio() = audio;
    v1::EmbedResponse response;
    return Embed(request, &response);
  }

  static testing::InProcessServer* server_;
};

testing::InProcessServer* InferenceServiceTest::server_ = nullptr;

TEST_F(InferenceServiceTest, EmbedAnswersWithIdentityWindowsAndTimings) {
  v1::EmbedRequest request;
  *request.mutable_audio() = Pcm(testing::WhiteNoise(0.1, 2 * kWindow + 500, 3));
  request.set_include_windows(true);
  v1::EmbedResponse response;
  ASSERT_THAT(Embed(request, &response), IsRpcOk());
  EXPECT_EQ(response.model().model_version(), "models/demo/versions/1");
  EXPECT_EQ(response.model().embedding_space_id().size(), 32U);
  EXPECT_EQ(response.embedding().values_size(), 512);
  ASSERT_EQ(response.windows_size(), 3);
  EXPECT_DOUBLE_EQ(response.windows(2).time().end_seconds(), response.audio_seconds());
  EXPECT_GT(response.timings().infer().nanos() + response.timings().infer().seconds(), 0);
  for (int d = 0; d < 512; d += 37) {
    double mean = 0;
    for (const auto& window : response.windows()) mean += window.embedding().values(d) / 3.0;
    EXPECT_NEAR(response.embedding().values(d), mean, 1e-5);
  }
}

TEST_F(InferenceServiceTest, ADemandedSpaceIsChecked) {
  v1::EmbedRequest request;
  *request.mutable_audio() = Pcm(testing::Sine(440, 0.5, 30000));
  v1::EmbedResponse response;
  ASSERT_THAT(Embed(request, &response), IsRpcOk());
  request.set_expect_space_id(response.model().embedding_space_id());
  EXPECT_THAT(Embed(request, &response), IsRpcOk());
  request.set_expect_space_id("0123");
  EXPECT_THAT(Embed(request, &response), IsRpcError(grpc::StatusCode::FAILED_PRECONDITION,
                                                    HasSubstr(response.model().embedding_space_id())));
}

TEST_F(InferenceServiceTest, TagRanksAndTrims) {
  v1::TagRequest request;
  *request.mutable_audio() = Pcm(testing::WhiteNoise(0.2, kWindow, 5));
  request.set_include_windows(true);
  v1::TagResponse response;
  ASSERT_THAT(Call(*server_->inference, &v1::InferenceService::Stub::Tag, request, &response), IsRpcOk());
  ASSERT_EQ(response.tags_size(), 3);
  EXPECT_GE(response.tags(0).probability(), response.tags(1).probability());
  EXPECT_EQ(response.tags(0).threshold(), 0.5F);  // the published head has none of its own
  EXPECT_EQ(response.tags(0).predicted(), response.tags(0).probability() >= 0.5F);
  EXPECT_GE(response.tags(1).probability(), response.tags(2).probability());
  EXPECT_EQ(response.windows_size(), 1);
  EXPECT_EQ(response.tag_order_size(), 3);
  EXPECT_THAT(response.tagger(), HasSubstr("models/demo/versions/1/taggers/"));
  request.set_top_count(1);
  ASSERT_THAT(Call(*server_->inference, &v1::InferenceService::Stub::Tag, request, &response), IsRpcOk());
  EXPECT_EQ(response.tags_size(), 1);
}

TEST_F(InferenceServiceTest, AStreamInChunksOfAnySizeEqualsTheWholeFile) {
  const std::vector<float> samples = testing::WhiteNoise(0.1, 3 * kWindow + 12345, 11);
  v1::EmbedRequest request;
  *request.mutable_audio() = Pcm(samples, 44100);
  request.set_include_windows(true);
  v1::EmbedResponse whole;
  ASSERT_THAT(Embed(request, &whole), IsRpcOk());

  const std::string bytes = testing::FloatBytes(samples);
  for (const size_t chunk : {size_t{1001}, size_t{65536}, bytes.size()}) {
    grpc::ClientContext context;
    auto stream = server_->inference->EmbedStream(&context);
    v1::EmbedStreamRequest message;
    *message.mutable_config()->mutable_format()->mutable_pcm() = request.audio().pcm().format();
    stream->Write(message);
    for (size_t at = 0; at < bytes.size(); at += chunk) {
      message.set_audio_chunk(bytes.substr(at, chunk));
      ASSERT_TRUE(stream->Write(message));
    }
    stream->WritesDone();
    std::vector<v1::EmbedStreamResponse> answers;
    for (v1::EmbedStreamResponse answer; stream->Read(&answer);) answers.push_back(answer);
    ASSERT_THAT(stream->Finish(), IsRpcOk());
    ASSERT_EQ(answers.size(), static_cast<size_t>(whole.windows_size()) + 2);
    EXPECT_EQ(answers.front().started().embedding_space_id(), whole.model().embedding_space_id());
    for (int i = 0; i < whole.windows_size(); ++i) {
      const auto& window = answers[static_cast<size_t>(i) + 1].window();
      EXPECT_DOUBLE_EQ(window.time().start_seconds(), whole.windows(i).time().start_seconds());
      for (int d = 0; d < 512; ++d) {
        ASSERT_NEAR(window.embedding().values(d), whole.windows(i).embedding().values(d), 1e-5);
      }
    }
    for (int d = 0; d < 512; ++d) {
      ASSERT_NEAR(answers.back().final().embedding().values(d), whole.embedding().values(d), 1e-5);
    }
    EXPECT_DOUBLE_EQ(answers.back().final().audio_seconds(), whole.audio_seconds());
  }
}

TEST_F(InferenceServiceTest, AnEncodedTagStreamEqualsTag) {
  const auto path = server_->data_root() / "clip.flac";
  testing::WriteAudio(path, testing::WhiteNoise(0.1, 70000, 4), 22050, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  v1::TagRequest request;
  request.mutable_audio()->set_encoded(bytes);
  v1::TagResponse whole;
  ASSERT_THAT(Call(*server_->inference, &v1::InferenceService::Stub::Tag, request, &whole), IsRpcOk());

  grpc::ClientContext context;
  auto stream = server_->inference->TagStream(&context);
  v1::TagStreamRequest message;
  message.mutable_config()->mutable_format()->mutable_encoded();
  stream->Write(message);
  message.set_audio_chunk(bytes);
  stream->Write(message);
  stream->WritesDone();
  v1::TagStreamResponse last;
  for (v1::TagStreamResponse answer; stream->Read(&answer);) last = answer;
  ASSERT_THAT(stream->Finish(), IsRpcOk());
  ASSERT_EQ(last.final().tags_size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(last.final().tags(i).tag(), whole.tags(i).tag());
    EXPECT_NEAR(last.final().tags(i).probability(), whole.tags(i).probability(), 1e-5);
  }
}

TEST_F(InferenceServiceTest, AStreamWithoutConfigOrWithTwoOrWithoutAudioIsRefused) {
  const auto finish = [](const std::vector<v1::EmbedStreamRequest>& messages) {
    grpc::ClientContext context;
    auto stream = server_->inference->EmbedStream(&context);
    for (const auto& message : messages) {
      if (!stream->Write(message)) break;
    }
    stream->WritesDone();
    for (v1::EmbedStreamResponse answer; stream->Read(&answer);) {
    }
    return stream->Finish();
  };
  v1::EmbedStreamRequest config;
  *config.mutable_config()->mutable_format()->mutable_pcm() = Pcm({}).pcm().format();
  v1::EmbedStreamRequest chunk;
  chunk.set_audio_chunk(testing::FloatBytes(testing::Sine(440, 0.5, 3000)));
  v1::EmbedStreamRequest odd;
  odd.set_audio_chunk("abc");
  const auto bad = grpc::StatusCode::INVALID_ARGUMENT;
  EXPECT_THAT(finish({}), IsRpcError(bad, HasSubstr("config")));
  EXPECT_THAT(finish({chunk}), IsRpcError(bad, HasSubstr("config")));
  EXPECT_THAT(finish({config, config}), IsRpcError(bad, HasSubstr("config")));
  EXPECT_THAT(finish({config}), IsRpcError(bad, HasSubstr("too short")));
  EXPECT_THAT(finish({config, chunk, odd}), IsRpcError(bad, HasSubstr("frame")));
  EXPECT_THAT(finish({config, chunk}), IsRpcOk());
}

TEST_F(InferenceServiceTest, BadAudioGetsAnErrorThatSaysWhatIsWrong) {
  const auto bad = grpc::StatusCode::INVALID_ARGUMENT;
  v1::Audio empty;
  EXPECT_THAT(EmbedAudio(empty), IsRpcError(bad, HasSubstr("no audio")));
  v1::Audio nothing;
  nothing.set_encoded("");
  EXPECT_THAT(EmbedAudio(nothing), IsRpcError(bad, HasSubstr("empty")));
  v1::Audio text;
  text.set_encoded("This is a text file that somebody called .mp3.\n");
  EXPECT_THAT(EmbedAudio(text), IsRpcError(bad, HasSubstr("format")));
  EXPECT_THAT(EmbedAudio(Pcm({})), IsRpcError(bad, HasSubstr("")));
  EXPECT_THAT(EmbedAudio(Pcm({0.5F})), IsRpcError(bad, HasSubstr("short")));
  EXPECT_THAT(EmbedAudio(Pcm(std::vector<float>(5000, std::numeric_limits<float>::quiet_NaN()))),
              IsRpcError(bad, HasSubstr("NaN")));
  EXPECT_THAT(EmbedAudio(Pcm(testing::Sine(440, 0.5, 4000), 500)), IsRpcError(bad, HasSubstr("4000")));
  EXPECT_THAT(EmbedAudio(Pcm(std::vector<float>(34000, 0.1F), 22050, 17)), IsRpcError(bad, HasSubstr("16")));
  v1::Audio unknown_format = Pcm(testing::Sine(440, 0.5, 4000));
  unknown_format.mutable_pcm()->mutable_format()->clear_sample_format();
  EXPECT_THAT(EmbedAudio(unknown_format), IsRpcError(bad, HasSubstr("sample_format")));
  EXPECT_THAT(EmbedAudio(Pcm(testing::Sine(440, 0.5, 8 * 4000), 192000, 8)),
              IsRpcError(bad, HasSubstr("short")));
  EXPECT_THAT(EmbedAudio(Pcm(testing::Sine(440, 0.5, 8 * 40000), 192000, 8)), IsRpcOk());
}

TEST_F(InferenceServiceTest, LimitsSayTheLimitAndTheActualValue) {
  const auto path = server_->data_root() / "long.wav";
  testing::WriteAudio(path, std::vector<float>(31 * 8000, 0.1F), 8000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  std::ifstream file(path, std::ios::binary);
  v1::Audio audio;
  audio.set_encoded(std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
  EXPECT_THAT(EmbedAudio(audio), IsRpcError(grpc::StatusCode::RESOURCE_EXHAUSTED, HasSubstr("30")));
  v1::Audio huge;
  huge.set_encoded(std::string(9 << 20, 'x'));
  EXPECT_THAT(EmbedAudio(huge), IsRpcError(grpc::StatusCode::RESOURCE_EXHAUSTED, HasSubstr("")));
}

TEST_F(InferenceServiceTest, UnknownModelsLabelsAndTaggersAreNotFound) {
  v1::EmbedRequest request;
  *request.mutable_audio() = Pcm(testing::Sine(440, 0.5, 4000));
  v1::EmbedResponse response;
  for (const char* model : {"models/nope", "models/demo@canary", "models/demo/versions/9"}) {
    request.set_model(model);
    EXPECT_THAT(Embed(request, &response), IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("demo")))
        << model;
  }
  request.set_model("Demo!");
  EXPECT_THAT(Embed(request, &response),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("models/{model}")));
  v1::TagRequest tag;
  *tag.mutable_audio() = request.audio();
  tag.set_tagger("models/demo/versions/1/taggers/none");
  v1::TagResponse tags;
  EXPECT_THAT(Call(*server_->inference, &v1::InferenceService::Stub::Tag, tag, &tags),
              IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("none")));
}

TEST_F(InferenceServiceTest, AnErrorCarriesItsReason) {
  v1::EmbedRequest request;
  *request.mutable_audio() = Pcm(testing::Sine(440, 0.5, 4000));
  request.set_model("models/nope");
  v1::EmbedResponse response;
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(testing::ExtractDetail(Embed(request, &response), &info));
  EXPECT_EQ(info.domain(), "timbre");
  EXPECT_EQ(info.reason(), "NOT_FOUND");
}

TEST_F(InferenceServiceTest, AnExpiredDeadlineIsSaidSo) {
  v1::EmbedRequest request;
  *request.mutable_audio() = Pcm(testing::WhiteNoise(0.1, 20 * 22050, 1));
  v1::EmbedResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1));
  EXPECT_EQ(server_->inference->Embed(&context, request, &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(InferenceServiceTest, GetInfoTellsLimitsAndWhatIsServed) {
  v1::GetInfoResponse info;
  ASSERT_THAT(Call(*server_->inference, &v1::InferenceService::Stub::GetInfo, v1::GetInfoRequest(), &info),
              IsRpcOk());
  EXPECT_EQ(info.limits().max_audio_duration().seconds(), 30);
  EXPECT_EQ(info.limits().max_message_bytes(), 8 << 20);
  EXPECT_EQ(info.limits().max_expansion(), 5000);
  ASSERT_EQ(info.served_models_size(), 1);
  EXPECT_EQ(info.served_models(0).labels(0), "stable");
  EXPECT_EQ(info.device(), "cpu");
}

TEST(EmptyServerTest, EmbedWithoutAPromotedModelSaysWhatToDo) {
  testing::InProcessServer server;
  server.Start();
  v1::EmbedRequest request;
  request.mutable_audio()->mutable_pcm()->set_samples(testing::FloatBytes(testing::Sine(440, 0.5, 4000)));
  request.mutable_audio()->mutable_pcm()->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
  request.mutable_audio()->mutable_pcm()->mutable_format()->set_sample_rate_hz(22050);
  v1::EmbedResponse response;
  EXPECT_THAT(Call(*server.inference, &v1::InferenceService::Stub::Embed, request, &response),
              IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("promote")));
}

}  // namespace
}  // namespace timbre
