#include "core/pipeline/open_encoder.h"

#include "core/engine/cpu_engine.h"
#include "core/model/fresh_weights.h"
#include "tests/core/pipeline/pipeline_fixture.h"

namespace timbre::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

class OpenEncoderTest : public PipelineTest {
 protected:
  // A version that serves the encoder's output, with a projector of two layers, 24 and 8 wide.
  registry::Version Publish(const std::string& architecture) {
    registry::ModelStore::NewVersion version;
    version.model = "fresh";
    auto encoder = model::FreshEncoder(architecture, 7);
    EXPECT_THAT(encoder, IsOk());
    version.encoder = *std::move(encoder);
    version.card.architecture = architecture;
    const int64_t dim = architecture == "sample_cnn" ? 512 : 64;
    version.projector["0.weight"] = Constant({24, dim});
    version.projector["2.weight"] = Constant({8, 24});
    auto published = models_->Publish(version);
    EXPECT_THAT(published, IsOk());
    return published.ok() ? *std::move(published) : registry::Version();
  }

  static weights::Tensor Constant(const std::vector<int64_t>& shape) {
    return {.shape = shape, .values = std::vector<float>(static_cast<size_t>(shape[0] * shape[1]), 0.01F)};
  }
};

TEST_F(OpenEncoderTest, TimbresEngineTakesOnACpuWhatItCanAndLibTorchTheRest) {
  const registry::Version version = Publish("sample_cnn");
  const EncoderOptions on_cpu = {.device = "cpu", .threads = 2};
  for (const auto& [layer, dim] : {std::pair<std::string, int64_t>{"", 512}, {"encoder", 512}}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, OpenEncoder(*models_, version, layer, on_cpu));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto fresh, OpenUntrainedEncoder(*models_, version, layer, 1, on_cpu));
    EXPECT_EQ(encoder->embedding_dim(), dim);
    EXPECT_EQ(encoder->description(), fresh->description());
    if (!engine::CpuEngine::PaysHere("fp32")) continue;
    EXPECT_THAT(encoder->description(), StartsWith("timbre cpu fp32 direct"));
    EXPECT_THAT(encoder->description(), HasSubstr("2 threads"));
  }
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto hidden, OpenEncoder(*models_, version, "projector.1", on_cpu));
  EXPECT_EQ(hidden->embedding_dim(), 24);
  EXPECT_THAT(hidden->description(), StartsWith("libtorch"));
  const registry::Version tiny = Publish("sample_cnn_tiny");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto small, OpenEncoder(*models_, tiny, "", on_cpu));
  EXPECT_THAT(small->description(), StartsWith("libtorch"));
}

TEST_F(OpenEncoderTest, TheEngineThatWasAskedForIsTakenOrRefusedByName) {
  const registry::Version version = Publish("sample_cnn");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto torch,
                              OpenEncoder(*models_, version, "", {.device = "cpu", .engine = "torch"}));
  EXPECT_THAT(torch->description(), StartsWith("libtorch"));
  const EncoderOptions timbre = {.device = "cpu", .engine = "timbre"};
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto own, OpenEncoder(*models_, version, "", timbre));
  EXPECT_THAT(own->description(), StartsWith("timbre"));
  EXPECT_THAT(OpenEncoder(*models_, version, "projector.1", timbre),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("sample_cnn up to projector.1 on cpu")));
  EXPECT_THAT(OpenEncoder(*models_, version, "projector.3", timbre),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("projector.3")));
}

}  // namespace
}  // namespace timbre::pipeline
