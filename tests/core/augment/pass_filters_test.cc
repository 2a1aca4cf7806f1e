#include "core/augment/pass_filters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/augment/fir.h"
#include "tests/core/augment/golden.h"
#include "tests/support/signals.h"

namespace timbre::augment {
namespace {

using timbre::testing::Rms;
using timbre::testing::Sine;
using timbre::testing::WhiteNoise;

constexpr size_t kSamples = 22050;

enum class Kind { kHigh, kLow };

// The filter's gain at a frequency, measured with a sine away from the ends.
double GainDb(Kind kind, double cutoff_hz, double frequency_hz) {
  const auto sine = Sine(frequency_hz, 0.5, kSamples);
  auto window = sine;
  kind == Kind::kHigh ? HighPass(window, cutoff_hz) : LowPass(window, cutoff_hz);
  const auto middle = [](const std::vector<float>& x) {
    return std::vector<float>(x.begin() + 2000, x.end() - 2000);
  };
  return 20 * std::log10(Rms(middle(window)) / Rms(middle(sine)) + 1e-12);
}

TEST(HighLowPassTest, TheCutoffIsAtMinusSixDecibels) {
  for (double cutoff : {200.0, 700.0, 1200.0})
    EXPECT_NEAR(GainDb(Kind::kHigh, cutoff, cutoff), -6.0, 0.2) << cutoff;
  for (double cutoff : {2200.0, 3000.0, 4000.0})
    EXPECT_NEAR(GainDb(Kind::kLow, cutoff, cutoff), -6.0, 0.2) << cutoff;
}

TEST(HighLowPassTest, ASweepPassesOnOneSideAndFallsOnTheOther) {
  for (double cutoff : {200.0, 1200.0}) {
    for (double factor : {1.5, 2.0, 4.0}) EXPECT_NEAR(GainDb(Kind::kHigh, cutoff, cutoff * factor), 0, 0.1);
    EXPECT_LT(GainDb(Kind::kHigh, cutoff, cutoff * 0.75), -38) << cutoff;
    for (double factor : {0.5, 0.25}) EXPECT_LT(GainDb(Kind::kHigh, cutoff, cutoff * factor), -60) << cutoff;
  }
  for (double cutoff : {2200.0, 4000.0}) {
    for (double factor : {0.5, 0.2, 0.05}) EXPECT_NEAR(GainDb(Kind::kLow, cutoff, cutoff * factor), 0, 0.1);
    EXPECT_LT(GainDb(Kind::kLow, cutoff, cutoff * 1.25), -38) << cutoff;
    for (double factor : {1.5, 2.0, 2.5})
      EXPECT_LT(GainDb(Kind::kLow, cutoff, cutoff * factor), -60) << cutoff;
  }
}

TEST(HighLowPassTest, TheTapsAreJuliusCount) {
  EXPECT_EQ(LowPassTaps(200).size(), 883U);
  EXPECT_EQ(LowPassTaps(1200).size(), 147U);
  EXPECT_EQ(LowPassTaps(2200).size(), 81U);
  EXPECT_EQ(LowPassTaps(4000).size(), 45U);
}

TEST(HighLowPassTest, TheTapsAreSymmetricAndSumToOne) {
  for (double cutoff : {200.0, 1234.5, 4000.0}) {
    const auto taps = LowPassTaps(cutoff);
    EXPECT_NEAR(std::accumulate(taps.begin(), taps.end(), 0.0), 1, 1e-5);
    for (size_t i = 0; i < taps.size(); ++i) ASSERT_NEAR(taps[i], taps[taps.size() - 1 - i], 1e-8);
  }
}

// The definition, sample by sample, with the ends repeated.
std::vector<float> Reference(const std::vector<float>& x, const std::vector<float>& taps) {
  const auto half = static_cast<int64_t>(taps.size() / 2);
  const auto last = static_cast<int64_t>(x.size()) - 1;
  std::vector<float> out(x.size());
  for (int64_t t = 0; t <= last; ++t) {
    double sum = 0;
    for (int64_t k = -half; k <= half; ++k) {
      sum += static_cast<double>(taps[static_cast<size_t>(k + half)]) *
             x[static_cast<size_t>(std::clamp<int64_t>(t + k, 0, last))];
    }
    out[static_cast<size_t>(t)] = static_cast<float>(sum);
  }
  return out;
}

TEST(HighLowPassTest, BothConvolutionsEqualTheDefinitionForAnyLength) {
  for (double cutoff : {200.0, 900.0, 2200.0, 4000.0}) {
    const auto taps = LowPassTaps(cutoff);
    for (size_t samples : {size_t{1}, size_t{50}, size_t{1024}, size_t{3000}, size_t{9001}}) {
      const auto original = WhiteNoise(0.3, samples, samples);
      auto window = original;
      ConvolveCentred(window, taps, window);
      const auto expected = Reference(original, taps);
      for (size_t i = 0; i < samples; ++i)
        ASSERT_NEAR(window[i], expected[i], 2e-6) << cutoff << " " << samples;
    }
  }
}

TEST(HighLowPassTest, AConstantPassesTheLowPassUpToItsEndsAndNotTheHighPass) {
  std::vector<float> window(3000, 0.5F);
  LowPass(window, 2200);
  for (float x : window) ASSERT_NEAR(x, 0.5, 1e-5);
  HighPass(window, 200);
  for (float x : window) ASSERT_NEAR(x, 0, 1e-5);
}

TEST(HighLowPassTest, TheFilterDoesNotShiftTheSignal) {
  auto window = timbre::testing::Click(5000, 10001);
  LowPass(window, 3000);
  EXPECT_EQ(std::max_element(window.begin(), window.end()) - window.begin(), 5000);
  for (size_t i = 1; i < 500; ++i) ASSERT_NEAR(window[5000 - i], window[5000 + i], 1e-7);
}

TEST(HighLowPassTest, TheEffectIsAHighPassOrALowPassHalfOfTheTimeEach) {
  const HighLowPass effect{HighLowPassConfig()};
  // 100 Hz lies below each high-pass, and passes each low-pass.
  const auto low_tone = Sine(100, 0.5, 8000);
  int high_passes = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    auto window = low_tone;
    base::Random random({seed});
    effect.Apply(window, random);
    const std::vector<float> middle(window.begin() + 2000, window.end() - 2000);
    if (Rms(middle) < 0.1) {
      ++high_passes;
    } else {
      EXPECT_NEAR(Rms(middle), 0.5 / std::sqrt(2), 0.01);
    }
  }
  EXPECT_NEAR(high_passes, 100, 25);
}

TEST(PassFiltersTest, BothEqualScipysWithin1e6) {
  const auto input = timbre::testing::ReadGolden("filters/input.f32");
  for (const int hz : {2200, 3100, 4000}) {
    SCOPED_TRACE(hz);
    auto window = input;
    LowPass(window, hz);
    timbre::testing::ExpectNear(
        window, timbre::testing::ReadGolden("filters/low_" + std::to_string(hz) + ".f32"), 1e-6);
  }
  for (const int hz : {200, 650, 1200}) {
    SCOPED_TRACE(hz);
    auto window = input;
    HighPass(window, hz);
    timbre::testing::ExpectNear(
        window, timbre::testing::ReadGolden("filters/high_" + std::to_string(hz) + ".f32"), 1e-6);
  }
}

TEST(PassFiltersTest, AFilterAloneIsThatFilterAtADrawnCutoff) {
  const auto original = WhiteNoise(0.3, 5000, 1);
  auto high = original;
  auto low = original;
  base::Random random({7});
  HighPassFilter({500, 500}).Apply(high, random);
  LowPassFilter({3000, 3000}).Apply(low, random);
  auto expected_high = original;
  auto expected_low = original;
  HighPass(expected_high, 500);
  LowPass(expected_low, 3000);
  EXPECT_EQ(high, expected_high);
  EXPECT_EQ(low, expected_low);
}

}  // namespace
}  // namespace timbre::augment
