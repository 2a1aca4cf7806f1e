// Polarity, noise and gain.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/augment/gain.h"
#include "core/augment/noise.h"
#include "core/augment/noise_kernel.h"
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

TEST(NoiseTest, TheSamplesAreNormal) {
  std::vector<float> unit(1 << 20, 0.0F);
  NoiseState state;
  base::Random random({9});
  for (auto& words : state) {
    for (uint32_t& word : words) word = static_cast<uint32_t>(random.Next());
  }
  AddNormals(unit, 1, state);
  double moments[5] = {};
  double within[4] = {};  // shares below -2, -1, 0, 1
  for (const float x : unit) {
    double power = 1;
    for (double& moment : moments) {
      moment += power / static_cast<double>(unit.size());
      power *= x;
    }
    for (int k = 0; k < 4; ++k) within[k] += (x < k - 2) / static_cast<double>(unit.size());
  }
  // Five standard errors of a million samples.
  EXPECT_NEAR(moments[1], 0, 0.005);
  EXPECT_NEAR(moments[2], 1, 0.007);
  EXPECT_NEAR(moments[3], 0, 0.02);
  EXPECT_NEAR(moments[4], 3, 0.05);
  for (int k = 0; k < 4; ++k) EXPECT_NEAR(within[k], 0.5 * std::erfc((2 - k) / std::sqrt(2)), 0.0025) << k;
}

TEST(NoiseTest, LogarithmSineAndCosineAreExactToAFloat) {
  // Each pair of normals comes from one radius and one angle: r^2 = a^2 + b^2 = -2 ln u must be a value that
  // u takes.
  std::vector<float> unit(32 * 2000, 0.0F);
  NoiseState state;
  base::Random random({4});
  for (auto& words : state) {
    for (uint32_t& word : words) word = static_cast<uint32_t>(random.Next());
  }
  NoiseState streams = state;
  AddNormals(unit, 1, state);
  for (size_t round = 0; round < 2000; ++round) {
    for (size_t i = 0; i < kNoiseStreams; ++i) {
      uint32_t words[2];
      for (uint32_t& word : words) {
        word = streams[0][i] + streams[3][i];
        const uint32_t t = streams[1][i] << 9;
        streams[2][i] ^= streams[0][i];
        streams[3][i] ^= streams[1][i];
        streams[1][i] ^= streams[2][i];
        streams[0][i] ^= streams[3][i];
        streams[2][i] ^= t;
        streams[3][i] = std::rotl(streams[3][i], 11);
      }
      const float uniform = (static_cast<float>(words[0] >> 8) + 0.5F) * 0x1.0p-24F;
      const double radius = std::sqrt(-2 * std::log(static_cast<double>(uniform)));
      const double a = unit[32 * round + i];
      const double b = unit[32 * round + 16 + i];
      ASSERT_NEAR(std::hypot(a, b), radius, 1e-6 * (1 + radius));
      const double angle = static_cast<int32_t>(words[1] << 2) * (M_PI / 4) * 0x1.0p-31;
      const double cosine = (words[1] >> 31 ? -1 : 1) * std::cos(angle);
      const bool swapped = words[1] >> 30 & 1;
      ASSERT_NEAR(swapped ? a : b, radius * std::sin(angle), 3e-6);
      ASSERT_NEAR(swapped ? b : a, radius * cosine, 3e-6);
    }
  }
}

TEST(NoiseTest, AShortWindowGetsTheBeginningOfALongOnesNoise) {
  const NoiseState state = {{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, {}, {}, {7}}};
  std::vector<float> longer(200, 0.0F);
  AddNormals(longer, 1, state);
  for (const size_t samples : {1U, 31U, 32U, 33U, 100U}) {
    std::vector<float> window(samples, 0.0F);
    AddNormals(window, 1, state);
    EXPECT_EQ(window, std::vector<float>(longer.begin(), longer.begin() + samples));
  }
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
