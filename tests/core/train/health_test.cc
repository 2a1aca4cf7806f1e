#include "core/train/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace timbre::train {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kChance = 5.2523;

StepReport Healthy(int64_t step) {
  return {.step = step,
          .steps_total = 1000,
          .loss = 4,
          .gradient_norm = 1,
          .uniformity = -3,
          .embedding_std = 0.9,
          .data_wait_ratio = 0.1};
}

// Feeds steps [from, to] and returns the steps and problems of the events.
template <typename Change>
std::vector<std::pair<int64_t, HealthProblem>> Feed(HealthMonitor& monitor, int64_t from, int64_t to,
                                                    Change change) {
  std::vector<std::pair<int64_t, HealthProblem>> seen;
  for (int64_t step = from; step <= to; ++step) {
    StepReport report = Healthy(step);
    change(report);
    for (const HealthEvent& event : monitor.Check(report)) {
      EXPECT_FALSE(event.message.empty());
      seen.emplace_back(event.step, event.problem);
    }
  }
  return seen;
}

TEST(HealthTest, AHealthyTrainingIsLeftAlone) {
  HealthMonitor monitor(kChance);
  EXPECT_THAT(Feed(monitor, 1, 200, [](StepReport&) {}), IsEmpty());
}

TEST(HealthTest, ALossAtChanceIsSaidOnceAfter20StepsButNotBeforeStep50) {
  HealthMonitor monitor(kChance);
  const auto at_chance = [](StepReport& report) { report.loss = kChance * 1.005; };
  EXPECT_THAT(Feed(monitor, 1, 100, at_chance),
              ElementsAre(std::pair(int64_t{50}, HealthProblem::kLossAtChance)));
  HealthMonitor later(kChance);
  Feed(later, 1, 100, [](StepReport&) {});
  EXPECT_THAT(Feed(later, 101, 150, at_chance),
              ElementsAre(std::pair(int64_t{120}, HealthProblem::kLossAtChance)));
}

TEST(HealthTest, ALossAFewPercentBelowChanceIsLearning) {
  HealthMonitor monitor(kChance);
  EXPECT_THAT(Feed(monitor, 1, 200, [](StepReport& report) { report.loss = kChance * 0.97; }), IsEmpty());
}

TEST(HealthTest, AnObjectiveWithoutAChanceValueIsNeverAtChance) {
  HealthMonitor monitor(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(Feed(monitor, 1, 200, [](StepReport& report) { report.loss = kChance; }), IsEmpty());
}

TEST(HealthTest, CollapseIsSeenInTheStdAndInTheUniformity) {
  HealthMonitor by_std(kChance);
  EXPECT_THAT(Feed(by_std, 1, 40, [](StepReport& report) { report.embedding_std = 0.01; }),
              ElementsAre(std::pair(int64_t{20}, HealthProblem::kCollapse)));
  HealthMonitor by_uniformity(kChance);
  EXPECT_THAT(Feed(by_uniformity, 1, 40, [](StepReport& report) { report.uniformity = -0.01; }),
              ElementsAre(std::pair(int64_t{20}, HealthProblem::kCollapse)));
}

TEST(HealthTest, AProblemThatClearedAndComesBackIsSaidAgain) {
  HealthMonitor monitor(kChance);
  const auto starving = [](StepReport& report) { report.data_wait_ratio = 0.8; };
  EXPECT_THAT(Feed(monitor, 1, 30, starving), ElementsAre(std::pair(int64_t{20}, HealthProblem::kStarving)));
  EXPECT_THAT(Feed(monitor, 31, 31, [](StepReport&) {}), IsEmpty());
  EXPECT_THAT(Feed(monitor, 32, 60, starving), ElementsAre(std::pair(int64_t{51}, HealthProblem::kStarving)));
}

TEST(HealthTest, AProblemIsOngoingFromWhenItIsToldUntilItClears) {
  HealthMonitor monitor(kChance);
  const auto collapsed = [](StepReport& report) { report.embedding_std = 0; };
  Feed(monitor, 1, 19, collapsed);
  EXPECT_THAT(monitor.ongoing(), IsEmpty());
  Feed(monitor, 20, 30, collapsed);
  ASSERT_EQ(monitor.ongoing().size(), 1U);
  EXPECT_EQ(monitor.ongoing()[0].problem, HealthProblem::kCollapse);
  EXPECT_EQ(monitor.ongoing()[0].step, 30);
  Feed(monitor, 31, 31, [](StepReport&) {});
  EXPECT_THAT(monitor.ongoing(), IsEmpty());
}

TEST(HealthTest, AStreakThatBreaksStartsAnew) {
  HealthMonitor monitor(kChance);
  EXPECT_THAT(Feed(monitor, 1, 100,
                   [](StepReport& report) { report.data_wait_ratio = report.step % 20 == 0 ? 0.1 : 0.9; }),
              IsEmpty());
}

TEST(HealthTest, ALossOrGradientThatIsNotFiniteIsSaidAtOnce) {
  HealthMonitor monitor(kChance);
  EXPECT_THAT(Feed(monitor, 1, 1, [](StepReport& report) { report.loss = std::nan(""); }),
              ElementsAre(std::pair(int64_t{1}, HealthProblem::kNotFinite)));
  HealthMonitor gradient(kChance);
  EXPECT_THAT(
      Feed(gradient, 3, 3,
           [](StepReport& report) { report.gradient_norm = std::numeric_limits<double>::infinity(); }),
      ElementsAre(std::pair(int64_t{3}, HealthProblem::kNotFinite)));
}

}  // namespace
}  // namespace timbre::train
