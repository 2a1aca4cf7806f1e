// What a stream answers, and what is counted of it.
#include "tests/server/stream_service_fixture.h"

namespace timbre::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::IsRpcError;
using timbre::testing::IsRpcOk;

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
  Await("it has ended", [&] { return recorder_.seen().ends.size() == 1; });
  EXPECT_THAT(recorder_.seen().ends, ElementsAre(IsOk()));
  EXPECT_THAT(recorder_.seen().models, ElementsAre("songs"));
  EXPECT_NEAR(recorder_.seen().audio_seconds, last.final().audio_seconds(), 1e-9);
  EXPECT_GE(recorder_.seen().answers, 2);
  const auto seconds = [](const google::protobuf::Duration& d) {
    return static_cast<double>(d.seconds()) + 1e-9 * d.nanos();
  };
  EXPECT_NEAR(seconds(last.final().timings().total()), absl::ToDoubleSeconds(recorder_.seen().total), 1e-6);
  EXPECT_NEAR(seconds(last.final().timings().infer()), absl::ToDoubleSeconds(recorder_.seen().infer), 1e-6);
  EXPECT_GT(seconds(last.final().timings().decode()), 0);
}

TEST_F(StreamServiceTest, AnAnswerIsCountedWithThePriorityOfItsCallOrStream) {
  Start();
  for (const auto& [name, priority] :
       {std::pair("bulk", embed::Priority::kBulk), {"interactive", embed::Priority::kInteractive}}) {
    recorder_.Forget();
    grpc::ClientContext context;
    context.AddMetadata("timbre-priority", name);
    v1::EmbedRequest request;
    *request.mutable_audio()->mutable_pcm()->mutable_format() = PcmConfig().config().format().pcm();
    request.mutable_audio()->mutable_pcm()->set_samples(Windows(1));
    v1::EmbedResponse response;
    ASSERT_THAT(stub_->Embed(&context, request, &response), IsRpcOk());
    grpc::ClientContext stream_context;
    stream_context.AddMetadata("timbre-priority", name);
    const auto stream = stub_->EmbedStream(&stream_context);
    stream->Write(PcmConfig());
    stream->Write(Chunk(Windows(1)));
    stream->WritesDone();
    for (v1::EmbedStreamResponse answer; stream->Read(&answer);) {
    }
    ASSERT_THAT(stream->Finish(), IsRpcOk());
    Await("both have ended", [&] { return recorder_.seen().ends.size() == 2; });
    EXPECT_THAT(recorder_.seen().priorities,
                ::testing::AllOf(::testing::SizeIs(::testing::Ge(2)), ::testing::Each(priority)));
  }
}

TEST_F(StreamServiceTest, AStreamForNoModelIsCountedToo) {
  Start();
  grpc::ClientContext context;
  auto stream = stub_->EmbedStream(&context);
  v1::EmbedStreamRequest config = PcmConfig();
  config.mutable_config()->set_model("models/nobody");
  stream->Write(config);
  EXPECT_THAT(stream->Finish(), IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("nobody")));
  Await("it has ended", [&] { return recorder_.seen().ends.size() == 1; });
  EXPECT_THAT(recorder_.seen().models, ElementsAre(""));
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

TEST_F(StreamServiceTest, AFileThatBreaksInTheMidstIsAnsweredUpToThere) {
  Start();
  timbre::testing::WriteAudio(folder_ / "clip.flac", timbre::testing::WhiteNoise(0.1, 10 * kWindow, 4), 22050,
                              1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  std::string bytes = *base::ReadFile(folder_ / "clip.flac");
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), bytes.end(), 'U');
  grpc::ClientContext context;
  auto stream = stub_->EmbedStream(&context);
  v1::EmbedStreamRequest config;
  config.mutable_config()->mutable_format()->mutable_encoded();
  stream->Write(config);
  stream->Write(Chunk(bytes));
  stream->WritesDone();
  int windows = 0;
  for (v1::EmbedStreamResponse answer; stream->Read(&answer);) {
    windows += answer.has_window() ? 1 : 0;
    EXPECT_FALSE(answer.has_final());
  }
  EXPECT_THAT(stream->Finish(), IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, ::testing::_));
  EXPECT_GE(windows, 3);
  EXPECT_LE(windows, 5);
}

TEST_F(StreamServiceTest, ADeadlineThatPassesInTheEngineIsNoCancel) {
  Start();
  encoder_->Hold();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  auto stream = stub_->EmbedStream(&context);
  stream->Write(PcmConfig());
  stream->Write(Chunk(Windows(1)));
  AwaitEngine();
  EXPECT_THAT(stream->Finish(), IsRpcError(grpc::StatusCode::DEADLINE_EXCEEDED, ::testing::_));
  encoder_->Release();
  Await("it has ended", [&] { return recorder_.seen().ends.size() == 1; });
  EXPECT_FALSE(recorder_.seen().ends.at(0).ok());
}

}  // namespace
}  // namespace timbre::services
