#include "core/train_engine/batch_norm.h"

#include <gtest/gtest.h>

namespace timbre::train_engine {
namespace {

// Values far from zero that hardly vary: a sum of squares about zero would lose them all in fp32.
TEST(BatchNormTest, MomentsOfATightBundleFarFromZeroAreExact) {
  Moments moments;
  moments.Reset(1);
  const float origin = 1000;
  for (int part = 0; part < 10; ++part) {
    const float sum = 0.25F * 3, squares = 0.25F * 0.25F * 3;  // 1000, 1000.25, 1000.25, 1000.25
    moments.Add(4, &origin, &sum, &squares);
  }
  EXPECT_DOUBLE_EQ(moments.mean()[0], 1000.1875);
  EXPECT_NEAR(moments.variance(0), 0.01171875, 1e-12);
}

TEST(BatchNormTest, MomentsAreTheSameHoweverTheyAreJoined) {
  const float samples[] = {1, 2, 5, 3, -1, 4, 0, 0.5, 2, -3, 7, 1};
  const SampleMoments parts[] = {MeasureSamples(samples, 3), MeasureSamples(samples + 3, 9)};
  const SampleMoments joined = Join(parts), whole = MeasureSamples(samples, 12);
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(joined.mean[k], whole.mean[k], 1e-12);
    for (int j = 0; j < 3; ++j) EXPECT_NEAR(joined.covariance[k][j], whole.covariance[k][j], 1e-12);
  }
}

}  // namespace
}  // namespace timbre::train_engine
