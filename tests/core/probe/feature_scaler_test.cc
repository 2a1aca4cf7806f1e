#include "core/probe/feature_scaler.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/base/random.h"

namespace timbre::probe {
namespace {

using ::testing::Each;
using ::testing::FloatNear;

TEST(FeatureScalerTest, ScaledFeaturesHaveMeanZeroAndDeviationOne) {
  base::Random random({1});
  std::vector<float> features;
  for (int i = 0; i < 1000; ++i) {
    features.push_back(static_cast<float>(5 + 2 * random.Normal()));
    features.push_back(static_cast<float>(0.07 + 1e-5 * random.Normal()));  // as of an untrained encoder
  }
  const std::vector<float> scaled = FeatureScaler::Fit(features, 2).Apply(features);
  for (size_t d = 0; d < 2; ++d) {
    double sum = 0, squares = 0;
    for (size_t i = d; i < scaled.size(); i += 2) {
      sum += scaled[i];
      squares += static_cast<double>(scaled[i]) * scaled[i];
    }
    EXPECT_NEAR(sum / 1000, 0, 1e-4);
    EXPECT_NEAR(squares / 1000, 1, 1e-4);
  }
}

TEST(FeatureScalerTest, AConstantDimensionBecomesZeroEvenWithRoundingNoise) {
  const std::vector<float> features = {0, 3.0F, 0, std::nextafter(3.0F, 4.0F), 0, 3.0F, 0, 3.0F};
  const std::vector<float> scaled = FeatureScaler::Fit(features, 2).Apply(features);
  EXPECT_THAT(scaled, Each(FloatNear(0, 2)));
  for (size_t i = 0; i < scaled.size(); i += 2) EXPECT_EQ(scaled[i], 0.0F);
}

TEST(FeatureScalerTest, AFoldedLayerGivesForRawFeaturesWhatTheLayerGivesForScaledOnes) {
  base::Random random({2});
  constexpr int64_t kDim = 64;
  std::vector<float> features(50 * kDim);
  for (float& x : features) x = static_cast<float>(0.05 + 1e-5 * random.Normal());
  weights::TagHead head;
  head.layers = {{std::vector<float>(3 * kDim), {0.1F, -2.0F, 0.0F}}};
  for (float& w : head.layers[0].weight) w = static_cast<float>(0.3 * random.Normal());

  const FeatureScaler scaler = FeatureScaler::Fit(features, kDim);
  const std::vector<float> expected = head.LogitsByTag(scaler.Apply(features));
  weights::TagHead folded = head;
  folded.layers[0] = scaler.Fold(head.layers[0]);
  const std::vector<float> actual = folded.LogitsByTag(features);
  ASSERT_EQ(actual.size(), expected.size());
  // The rounding of a folded bias shifts all clips of a tag alike.
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-3);
}

}  // namespace
}  // namespace timbre::probe
