#include "core/train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timbre::train {
namespace {

TEST(ScheduleTest, WithoutOneTheRateStays) {
  const OptimizerConfig config = {.learning_rate = 0.3};
  for (int64_t step : {0, 5, 99}) EXPECT_DOUBLE_EQ(LearningRateAt(config, step, 100), 0.3);
}

TEST(ScheduleTest, TheWarmUpRisesInEqualStepsToTheFullRate) {
  const OptimizerConfig config = {.learning_rate = 0.4, .schedule = {.warmup_steps = 4}};
  for (int64_t step = 0; step < 4; ++step) {
    EXPECT_DOUBLE_EQ(LearningRateAt(config, step, 10), 0.1 * static_cast<double>(step + 1));
  }
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 9, 10), 0.4);
}

TEST(ScheduleTest, TheCosineFallsFromTheFullRateThroughTheMiddleToItsShare) {
  const OptimizerConfig config = {
      .learning_rate = 1,
      .schedule = {.kind = ScheduleKind::kCosine, .warmup_steps = 10, .final_ratio = 0.2}};
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 9, 110), 1);
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 10, 110), 1);
  EXPECT_NEAR(LearningRateAt(config, 60, 110), 0.6, 1e-12);
  EXPECT_NEAR(LearningRateAt(config, 110, 110), 0.2, 1e-12);
  for (int64_t step = 11; step < 110; ++step) {
    EXPECT_LT(LearningRateAt(config, step, 110), LearningRateAt(config, step - 1, 110));
  }
}

TEST(ScheduleTest, AWarmUpLongerThanTheTrainingIsCutShort) {
  const OptimizerConfig config = {.learning_rate = 1,
                                  .schedule = {.kind = ScheduleKind::kCosine, .warmup_steps = 10}};
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 4, 5), 0.5);
}

}  // namespace
}  // namespace timbre::train
