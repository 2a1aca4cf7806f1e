#include "core/embed/pooling.h"

#include <gmock/gmock.h>

#include "tests/support/signals.h"

namespace timbre::embed {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

TEST(PoolingTest, TheClipEmbeddingIsTheMeanOverWindows) {
  const std::vector<float> embeddings = {1, 2, 3, 4, 5, 9};
  EXPECT_THAT(MeanOverWindows(embeddings, 3, 2), ElementsAre(3.0F, 5.0F));
}

TEST(PoolingTest, OneWindowIsItsOwnMean) {
  const std::vector<float> embedding = timbre::testing::WhiteNoise(1, 512, 1);
  EXPECT_THAT(MeanOverWindows(embedding, 1, 512), ElementsAreArray(embedding));
}

TEST(PoolingTest, WindowByWindowIsBitwiseTheSameAsAllAtOnce) {
  const std::vector<float> embeddings = timbre::testing::WhiteNoise(1, 100 * 16, 2);
  RunningMean mean(16);
  for (size_t i = 0; i < 100; ++i) mean.Add(std::span(embeddings).subspan(i * 16, 16));
  EXPECT_EQ(mean.count(), 100);
  EXPECT_THAT(mean.Mean(), ElementsAreArray(MeanOverWindows(embeddings, 100, 16)));
}

TEST(PoolingTest, SmallDifferencesSurviveManyLargeWindows) {
  // In float, adding 1e-3 to a sum of 1e6 changes nothing.
  std::vector<float> embeddings(10000, 100.0F);
  for (float& x : embeddings) x += 1e-3F;
  EXPECT_NEAR(MeanOverWindows(embeddings, 10000, 1)[0], 100.001F, 1e-5);
}

}  // namespace
}  // namespace timbre::embed
