// Polarity, noise and gain.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/augment/gain.h"
#include "core/augment/noise.h"
#include "core/augment/polarity.h"
#include "tests/support/signals.h"

namespace timbre::augment {
namespace {

using timbre::testing::Rms;
using timbre::testing::Sine;
using timbre::testing::WhiteNoise;

std::vector<float> Applied(const Effect& effect, std::vector<float> window, uint64_t seed) {
  base::Random random({seed});
  effect.Apply(window, random);
  return window;
}

std::vector<float> Difference(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> out(a.size());
  std::transform(a.begin(), a.end(), b.begin(), out.begin(), std::minus<>());
  return out;
}

TEST(PolarityTest, EverySampleChangesItsSignAndTwiceGivesTheOriginal) {
  const auto window = WhiteNoise(0.3, 1000, 1);
  const auto once = Applied(Polarity(), window, 1);
  for (size_t i = 0; i < window.size(); ++i) ASSERT_EQ(once[i], -window[i]);
  EXPECT_EQ(Applied(Polarity(), once, 1), window);
}

TEST(NoiseTest, TheMeasuredSnrIsTheOneAskedFor) {
  const auto window = Sine(440, 0.5, 59049);
  for (double ratio : {0.5, 0.1, 0.01}) {
    const auto noise = Difference(Applied(Noise({ratio, ratio}), window, 3), window);
    const double snr_db = 20 * std::log10(Rms(window) / Rms(noise));
    EXPECT_NEAR(snr_db, -20 * std::log10(ratio), 0.1) << ratio;
  }
}

TEST(NoiseTest, TheTutorialsDefaultsLieBetween60And46Decibels) {
  const auto window = Sine(440, 0.5, 59049);
  double lowest = 1000;
  double highest = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto noise = Difference(Applied(Noise(NoiseConfig()), window, seed), window);
    const double snr_db = 20 * std::log10(Rms(window) / Rms(noise));
    lowest = std::min(lowest, snr_db);
    highest = std::max(highest, snr_db);
  }
  EXPECT_GT(lowest, 45.9);
  EXPECT_LT(lowest, 47);
  EXPECT_LT(highest, 60.1);
  EXPECT_GT(highest, 56);
}

TEST(NoiseTest, TheLevelFollowsTheDeviationNotTheOffset) {
  auto window = Sine(440, 0.1, 59049);
  for (float& x : window) x += 0.5F;
  const auto noise = Difference(Applied(Noise({0.1, 0.1}), window, 3), window);
  EXPECT_NEAR(Rms(noise), 0.1 * 0.1 / std::sqrt(2), 1e-4);
}

TEST(NoiseTest, NeighbouringSamplesAreIndependent) {
  const auto window = Sine(440, 0.5, 59049);
  const auto noise = Difference(Applied(Noise({0.5, 0.5}), window, 3), window);
  double product = 0;
  for (size_t i = 1; i < noise.size(); ++i) product += noise[i] * noise[i - 1];
  EXPECT_NEAR(product / static_cast<double>(noise.size()) / (Rms(noise) * Rms(noise)), 0, 0.02);
}

TEST(NoiseTest, SilenceStaysSilent) {
  EXPECT_EQ(Applied(Noise({0.5, 0.5}), std::vector<float>(1000, 0), 1), std::vector<float>(1000, 0));
}

TEST(GainTest, TheLevelChangesByTheDecibelsAskedFor) {
  const auto window = Sine(440, 0.5, 10000);
  for (double db : {-20.0, -6.0, -1.0, 3.0}) {
    const auto louder = Applied(Gain({db, db}), window, 1);
    EXPECT_NEAR(20 * std::log10(Rms(louder) / Rms(window)), db, 1e-4);
  }
}

TEST(GainTest, TheTutorialsDefaultsAttenuateByOneToTwentyDecibels) {
  const auto window = Sine(440, 0.5, 2000);
  double sum = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const double db = 20 * std::log10(Rms(Applied(Gain(GainConfig()), window, seed)) / Rms(window));
    EXPECT_GE(db, -20.001);
    EXPECT_LE(db, -0.999);
    sum += db;
  }
  EXPECT_NEAR(sum / 200, -10.5, 1.5);
}

TEST(GainTest, TheResultIsClampedToOne) {
  const auto louder = Applied(Gain({20, 20}), {0.5F, -0.5F, 0.01F}, 1);
  EXPECT_EQ(louder[0], 1.0F);
  EXPECT_EQ(louder[1], -1.0F);
  EXPECT_NEAR(louder[2], 0.1F, 1e-6);
}

}  // namespace
}  // namespace timbre::augment
