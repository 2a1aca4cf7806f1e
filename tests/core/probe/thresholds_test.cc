#include "core/probe/thresholds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.h"

namespace timbre::probe {
namespace {

using Labels = std::vector<uint8_t>;
using Probabilities = std::vector<float>;

TEST(ThresholdsTest, ClassesThatPartAreSplitHalfWay) {
  const Threshold threshold = ChooseThreshold(Labels{0, 1, 0, 1}, Probabilities{.1F, .6F, .2F, .8F});
  EXPECT_NEAR(threshold.value, 0.4, 1e-7);
  EXPECT_EQ(threshold.f1, 1);
}

TEST(ThresholdsTest, NoThresholdHasABetterF1) {
  base::Random random({5});
  for (int round = 0; round < 200; ++round) {
    Labels labels(30);
    Probabilities probabilities(30);
    for (size_t i = 0; i < 30; ++i) {
      labels[i] = random.Bernoulli(0.3);
      probabilities[i] = static_cast<float>(random.UniformInt(0, 12)) / 12;  // with ties
    }
    labels[0] = 1;
    const Threshold chosen = ChooseThreshold(labels, probabilities);
    EXPECT_DOUBLE_EQ(F1At(labels, probabilities, chosen.value), chosen.f1);
    for (const float other : probabilities) EXPECT_LE(F1At(labels, probabilities, other), chosen.f1);
  }
}

TEST(ThresholdsTest, NeighbouringFloatsAreToldApart) {
  const float low = 1e-30F, high = std::nextafter(low, 1.0F);
  const Threshold threshold = ChooseThreshold(Labels{0, 1}, Probabilities{low, high});
  EXPECT_EQ(threshold.f1, 1);
  EXPECT_EQ(F1At(Labels{0, 1}, Probabilities{low, high}, threshold.value), 1);
}

TEST(ThresholdsTest, WithoutPositivesItIsOneHalfAndF1IsNotDefined) {
  const Threshold threshold = ChooseThreshold(Labels{0, 0}, Probabilities{.1F, .9F});
  EXPECT_EQ(threshold.value, 0.5F);
  EXPECT_TRUE(std::isnan(threshold.f1));
  EXPECT_TRUE(std::isnan(F1At(Labels{0}, Probabilities{.5F}, .5F)));
  EXPECT_EQ(F1At(Labels{1}, Probabilities{.4F}, .5F), 0);
}

}  // namespace
}  // namespace timbre::probe
