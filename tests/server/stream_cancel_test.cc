// A stream that is cancelled, wherever it stands, leaves nothing behind.
#include "tests/server/stream_service_fixture.h"

namespace timbre::services {
namespace {

using ::testing::ElementsAre;
using timbre::testing::StatusIs;

TEST_F(StreamServiceTest, CancelledWhileItWaitsForTheClientItFreesAll) {
  Start({.uploads = 1});
  CancelledOnce({PcmConfig()}, [&] { Await("it was opened", [&] { return answers_read_ == 1; }); });
  ExpectFreed();
}

TEST_F(StreamServiceTest, CancelledWhileItWaitsForADecoderItFreesAll) {
  Start({.uploads = 1});
  timbre::testing::BusyThread decoder(embedder_->decode_pool());
  CancelledOnce({PcmConfig(), Chunk(Windows(1))}, [&] {
    Await("it waits", [&] { return embedder_->load().oldest_decode_wait > absl::ZeroDuration(); });
  });
  AwaitWhatWasSent();
  decoder.Release();
  ExpectFreed();
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
                [&] { Await("they wait", [&] { return embedder_->load().interactive.windows == 2; }); });
  encoder_->Release();
  Await("the cancelled one has ended", [&] { return recorder_.seen().ends.size() == 1; });
  EXPECT_THAT(recorder_.seen().ends, ElementsAre(StatusIs(absl::StatusCode::kCancelled)));
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
    int64_t before = -1;  // the engine has nothing to do and does no more: the answers are held back
    Await("the answers are held back", [&] {
      absl::SleepFor(absl::Milliseconds(200));
      const int64_t now = encoder_->windows();
      const bool quiet = embedder_->load().windows_inside == 0 && now > 1 && now == before;
      before = now;
      return quiet;
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
                [&] { Await("the spool has it", [&] { return SpooledBytes() > 0; }); });
  ExpectFreed();
}

}  // namespace
}  // namespace timbre::services
