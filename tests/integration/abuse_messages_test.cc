// Messages that are large, or become so.
#include "tests/integration/abuse_fixture.h"

namespace timbre {
namespace {

TEST_F(AbuseTest, AMessageThatGrowsAThousandfoldIsRefusedAsItIs) {
  v1::EmbedRequest bomb = ShortRequest();
  bomb.mutable_audio()->mutable_pcm()->set_samples(std::string(15 << 20, '\0'));
  std::vector<std::thread> attackers;
  std::atomic<int> refused = 0, others = 0;
  for (int i = 0; i < 4; ++i) {
    attackers.emplace_back([&] {
      const auto stub = v1::InferenceService::NewStub(server_.channel());
      const auto begin = Clock::now();
      do {
        grpc::ClientContext context;
        context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
        v1::EmbedResponse response;
        const grpc::Status status = stub->Embed(&context, bomb, &response);
        ++(status.error_code() == grpc::StatusCode::UNIMPLEMENTED ? refused : others);
      } while (Going(begin));
    });
  }
  for (std::thread& attacker : attackers) attacker.join();
  EXPECT_GE(refused, 4);
  EXPECT_EQ(others, 0) << "gzip must be switched off on the server";
}

TEST_F(AbuseTest, ManyMessagesOfTheLargestSizeAtOnceAreHeldBack) {
  most_growth_bytes_ = int64_t{700} << 20;  // 360 MiB at once, some of it twice: as bytes and as a message
  v1::EmbedRequest large = ShortRequest();
  auto* pcm = large.mutable_audio()->mutable_pcm();
  pcm->set_samples(std::string(15 << 20, '\0'));
  pcm->mutable_format()->set_channel_count(17);  // refused once it is there, before it is decoded
  std::vector<std::thread> attackers;
  std::atomic<int> calls = 0;
  for (int i = 0; i < 24; ++i) {
    attackers.emplace_back([&, i] {
      const auto stub = v1::InferenceService::NewStub(OwnChannel(server_.address(), 100 + i));
      const auto begin = Clock::now();
      do {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
        v1::EmbedResponse response;
        EXPECT_FALSE(stub->Embed(&context, large, &response).ok());
        ++calls;
      } while (Going(begin));
    });
  }
  for (std::thread& attacker : attackers) attacker.join();
  EXPECT_GE(calls, 24);
}

// 4 kHz grows fivefold, and int16 twofold, as it becomes windows: 24 times 15 MiB would be 4 GB.
TEST_F(AbuseTest, AudioOfStreamsThatReadNoAnswerStaysWithinItsBudget) {
  most_growth_bytes_ = int64_t{900} << 20;  // 360 MiB at once, as above, and what is held
  v1::EmbedStreamRequest config, chunk;
  config.mutable_config()->mutable_format()->mutable_pcm()->set_sample_format(v1::SAMPLE_FORMAT_INT16);
  config.mutable_config()->mutable_format()->mutable_pcm()->set_sample_rate_hz(4000);
  chunk.set_audio_chunk(std::string(15 << 20, '\0'));
  std::vector<std::thread> attackers;
  std::atomic<int> refused = 0, held = 0;
  for (int i = 0; i < 24; ++i) {
    attackers.emplace_back([&, i] {
      const auto stub = v1::InferenceService::NewStub(OwnChannel(server_.address(), 200 + i));
      grpc::ClientContext context;
      context.AddMetadata("timbre-client", "attacker");
      context.set_deadline(std::chrono::system_clock::now() + kAbuse * 2);
      const auto stream = stub->EmbedStream(&context);
      v1::EmbedStreamResponse started;
      // After the first answer it reads none: they fill what gRPC holds for it, and the server writes no
      // more.
      if (stream->Write(config) && stream->Read(&started)) stream->Write(chunk);
      const grpc::Status status = stream->Finish();
      ++(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ? refused : held);
    });
  }
  for (std::thread& attacker : attackers) attacker.join();
  EXPECT_GE(refused, 1);
  EXPECT_GE(held, 1);
}

}  // namespace
}  // namespace timbre
