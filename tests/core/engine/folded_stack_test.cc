#include "core/engine/folded_stack.h"

#include "tests/core/engine/naive_stack.h"
#include "tests/support/matchers.h"

namespace timbre::engine {
namespace {

using ::testing::HasSubstr;
using timbre::testing::HashedSampleCnn;
using timbre::testing::StatusIs;

TEST(FoldedStackTest, SampleCnnHasTheShapesOfTheTable) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const FoldedStack stack, FoldSampleCnn(HashedSampleCnn()));
  EXPECT_EQ(stack.window_samples, 59049);
  EXPECT_EQ(stack.embedding_dim(), 512);
  ASSERT_EQ(stack.layers.size(), 10u);
  EXPECT_EQ(stack.layers[0].rows_in, 19683);
  EXPECT_EQ(stack.layers[3].in_channels, 256);
  EXPECT_EQ(stack.layers[8].rows_out(), 1);
  EXPECT_EQ(stack.layers[9].rows_in, 1);
  EXPECT_FALSE(stack.layers[9].pool);
  EXPECT_NEAR(FlopPerWindow(stack), 3.456e9, 0.01e9);
}

TEST(FoldedStackTest, ANormWithKnownStatisticsBecomesAScaleAndAShift) {
  auto tensors = HashedSampleCnn();
  tensors["conv2.1.weight"].values[5] = -2;  // negative scales fold as well
  tensors["conv2.1.bias"].values[5] = 0.5;
  tensors["conv2.1.running_mean"].values[5] = 3;
  tensors["conv2.1.running_var"].values[5] = 4;
  tensors["conv2.0.bias"].values[5] = 1;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const FoldedStack stack, FoldSampleCnn(tensors));
  const FoldedLayer& layer = stack.layers[0];
  EXPECT_NEAR(layer.bias[5], (1 - 3) * -1 + 0.5, 1e-4);
  const float plain = tensors["conv2.0.weight"].values[(5 * 128 + 7) * 3 + 2];  // out 5, in 7, tap 2
  EXPECT_NEAR(layer.weight[(2 * 128 + 7) * 128 + 5], -plain, 1e-5);
}

TEST(FoldedStackTest, ASliceIsOfThoseChannels) {
  const FoldedLayer layer =
      HashedLayer({.in_channels = 16, .out_channels = 48, .kernel = 3, .rows_in = 9, .pool = true}, "sliced");
  const FoldedLayer slice = SliceOf(layer, {16, 32});
  EXPECT_EQ(slice.in_channels, 16);
  EXPECT_EQ(slice.out_channels, 32);
  EXPECT_EQ(slice.rows_out(), 3);
  EXPECT_EQ(slice.bias, std::vector<float>(layer.bias.begin() + 16, layer.bias.end()));
}

TEST(FoldedStackTest, TensorsThatDoNotFitAreNamed) {
  auto missing = HashedSampleCnn();
  missing.erase("conv4.1.running_var");
  EXPECT_THAT(FoldSampleCnn(missing),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("conv4.1.running_var")));
  auto odd = HashedSampleCnn();
  odd["conv3.0.bias"].shape = {127};
  odd["conv3.0.bias"].values.resize(127);
  EXPECT_THAT(FoldSampleCnn(odd), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("[127]; [128]")));
  EXPECT_THAT(FoldSampleCnn({}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("conv1.0.weight")));
}

}  // namespace
}  // namespace timbre::engine
