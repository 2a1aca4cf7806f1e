#include "core/weights/embedding_layer.h"

#include <gmock/gmock.h>

#include "tests/support/matchers.h"

namespace timbre::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;

Tensor Shaped(const std::vector<int64_t>& shape) {
  Tensor tensor{.shape = shape, .values = {}};
  tensor.values.resize(static_cast<size_t>(tensor.size()));
  return tensor;
}

// 8 -> 16 (BatchNorm, ReLU) -> 4.
TensorMap SmallProjector() {
  return {{"0.weight", Shaped({16, 8})},
          {"1.weight", Shaped({16})},
          {"1.running_mean", Shaped({16})},
          {"3.weight", Shaped({4, 16})},
          {"3.bias", Shaped({4})}};
}

TEST(EmbeddingLayerTest, TheEncoderIsLayerZeroAndTheProjectorsCountFromOne) {
  EXPECT_EQ(*ParseEmbeddingLayer("encoder"), 0);
  EXPECT_EQ(*ParseEmbeddingLayer("projector.2"), 2);
  for (const char* wrong : {"", "projector", "projector.0", "projector.-1", "projector.02", "block.3"}) {
    EXPECT_THAT(ParseEmbeddingLayer(wrong), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(wrong)));
  }
}

TEST(EmbeddingLayerTest, WidthsAreReadFromTheLinearLayers) {
  EXPECT_THAT(*ProjectorDims(SmallProjector()), ElementsAre(8, 16, 4));
  EXPECT_EQ(*LayerDim("encoder", 8, SmallProjector()), 8);
  EXPECT_EQ(*LayerDim("projector.1", 8, SmallProjector()), 16);
  EXPECT_EQ(*LayerDim("projector.2", 8, SmallProjector()), 4);
}

TEST(EmbeddingLayerTest, ALayerThatIsNotThereIsRefused) {
  EXPECT_THAT(LayerDim("projector.3", 8, SmallProjector()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2 layers")));
  EXPECT_THAT(LayerDim("projector.1", 8, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has none")));
  EXPECT_THAT(ProjectorDims({{"0.weight", Shaped({16, 8})}, {"2.weight", Shaped({4, 15})}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("15")));
}

}  // namespace
}  // namespace timbre::weights
