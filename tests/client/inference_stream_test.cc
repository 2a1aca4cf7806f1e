#include "client/inference_stream.h"

#include "tests/client/fake_inference_service.h"
#include "tests/client/test_server.h"
#include "tests/support/matchers.h"

namespace timbre::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;

class InferenceStreamTest : public ::testing::Test {
 protected:
  FakeInferenceService service_;
  TestServer server_{&service_};
};

TEST(ChunksTest, PutTogetherAreTheBytes) {
  const std::string bytes = "0123456789";
  for (int size : {1, 3, 10, 100}) {
    ChunkSource source = ChunksOf(bytes, size);
    std::string all;
    for (std::string chunk; source(chunk);) {
      EXPECT_LE(chunk.size(), static_cast<size_t>(size));
      all += chunk;
    }
    EXPECT_EQ(all, bytes);
  }
}

TEST_F(InferenceStreamTest, AnEmbeddingIsGatheredFromItsParts) {
  const std::string bytes = "abcdefghij";
  v1::EmbedStreamConfig config;
  config.set_model("models/m");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::EmbedResponse response,
                              EmbedStream(server_.Connect(), config, ChunksOf(bytes, 3)));
  EXPECT_THAT(service_.chunks(), ElementsAre("abc", "def", "ghi", "j"));
  EXPECT_EQ(response.model().model_version(), "models/m");
  EXPECT_EQ(response.windows_size(), 4);
  EXPECT_EQ(response.window_count(), 4);
  EXPECT_THAT(response.embedding().values(), ElementsAre(10));
  EXPECT_EQ(response.timings().infer().seconds(), 7);
}

TEST_F(InferenceStreamTest, TagsAreGatheredFromTheirParts) {
  const std::string bytes = "abcd";
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::TagResponse response,
                              TagStream(server_.Connect(), v1::TagStreamConfig(), ChunksOf(bytes, 2)));
  EXPECT_EQ(response.tagger(), "models/m/versions/1/taggers/t");
  EXPECT_THAT(response.tag_order(), ElementsAre("drums", "piano"));
  EXPECT_EQ(response.windows_size(), 2);
  EXPECT_EQ(response.tags(0).tag(), "piano");
  EXPECT_EQ(response.timings().infer().seconds(), 8);
}

TEST_F(InferenceStreamTest, ManyChunksAndAnswersDoNotWaitForEachOther) {
  const std::string bytes(8 << 20, 'x');
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::EmbedResponse response,
                              EmbedStream(server_.Connect(), v1::EmbedStreamConfig(), ChunksOf(bytes, 4096)));
  EXPECT_EQ(response.window_count(), 2048);
}

TEST_F(InferenceStreamTest, AnErrorInTheMiddleIsTheError) {
  service_.FailAfterChunks(2, grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no audio"));
  const std::string bytes(1 << 20, 'x');
  EXPECT_THAT(EmbedStream(server_.Connect(), v1::EmbedStreamConfig(), ChunksOf(bytes, 1024)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no audio")));
}

TEST_F(InferenceStreamTest, AStreamWithoutItsLastMessageIsAnError) {
  service_.FailAfterChunks(1, grpc::Status::OK);
  const std::string bytes = "abcd";
  EXPECT_THAT(EmbedStream(server_.Connect(), v1::EmbedStreamConfig(), ChunksOf(bytes, 1)),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace timbre::client
