// Pitch shift and reverse.

#include "core/augment/pitch_shift.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/augment/reverse.h"
#include "tests/support/signals.h"

namespace timbre::augment {
namespace {

using timbre::testing::Rms;
using timbre::testing::Sine;
using timbre::testing::WhiteNoise;

constexpr size_t kSamples = 59049;

std::vector<float> Shifted(std::vector<float> window, int cents) {
  ShiftPitch(window, cents);
  return window;
}

std::vector<float> Middle(const std::vector<float>& x) { return {x.begin() + 8000, x.end() - 8000}; }

// The frequency of a tone, from its rising zero crossings.
double FrequencyHz(const std::vector<float>& x) {
  double first = -1;
  double last = -1;
  int turns = -1;
  for (size_t i = 1; i < x.size(); ++i) {
    if (!(x[i - 1] < 0 && x[i] >= 0)) continue;
    last = static_cast<double>(i) - x[i] / (x[i] - x[i - 1]);
    if (first < 0) first = last;
    ++turns;
  }
  return turns * 22050.0 / (last - first);
}

TEST(PitchShiftTest, AToneMovesByTheCentsAskedForAndKeepsItsLevel) {
  const auto tone = Sine(440, 0.5, kSamples);
  for (const int cents : {-700, -350, -1, 1, 250, 700}) {
    const auto shifted = Middle(Shifted(tone, cents));
    EXPECT_NEAR(1200 * std::log2(FrequencyHz(shifted) / 440), cents, 4) << cents;
    EXPECT_NEAR(20 * std::log10(Rms(shifted) / Rms(tone)), 0, 0.5) << cents;
  }
}

TEST(PitchShiftTest, TheTempoIsKept) {
  // Three bursts of noise stay where they are, within a search and an overlap.
  std::vector<float> window(kSamples, 0.0F);
  const auto burst = WhiteNoise(0.3, 4000, 1);
  for (const size_t begin : {10000U, 25000U, 45000U})
    std::copy(burst.begin(), burst.end(), window.begin() + begin);
  for (const int cents : {-700, 700}) {
    const auto shifted = Shifted(window, cents);
    for (const size_t begin : {10000U, 25000U, 45000U}) {
      const auto at = shifted.begin() + begin;
      EXPECT_GT(Rms({at + 700, at + 3300}), 0.1) << cents;
      EXPECT_LT(Rms({at - 3000, at - 900}), 0.02) << cents;
      EXPECT_LT(Rms({at + 5500, at + 7500}), 0.02) << cents;
    }
  }
}

TEST(PitchShiftTest, NoCentsAreNoChangeAndTheRestIsDeterministic) {
  const auto window = WhiteNoise(0.3, kSamples, 1);
  EXPECT_EQ(Shifted(window, 0), window);
  const auto first = Shifted(window, 123);
  Shifted(WhiteNoise(0.5, 3000, 2), -400);  // must leave no trace
  EXPECT_EQ(Shifted(window, 123), first);
}

TEST(PitchShiftTest, TheWindowIsFilledToItsEnd) {
  const auto tone = Sine(440, 0.5, kSamples);
  for (const int cents : {-700, -30, 30, 700}) {
    const auto shifted = Shifted(tone, cents);
    EXPECT_GT(Rms({shifted.begin(), shifted.begin() + 1000}), 0.2) << cents;
    EXPECT_GT(Rms({shifted.end() - 2000, shifted.end()}), 0.2) << cents;
  }
}

TEST(PitchShiftTest, CentsAreWholeNumbersWithBothEnds) {
  const auto tone = WhiteNoise(0.3, 4000, 1);
  const std::vector<std::vector<float>> possible = {Shifted(tone, -1), tone, Shifted(tone, 1)};
  std::set<size_t> seen;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    auto window = tone;
    base::Random random({seed});
    PitchShift({-1, 1}).Apply(window, random);
    const auto found = std::find(possible.begin(), possible.end(), window);
    ASSERT_NE(found, possible.end());
    seen.insert(static_cast<size_t>(found - possible.begin()));
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST(ReverseTest, TheLastSampleComesFirstAndTwiceGivesTheOriginal) {
  std::vector<float> window = {1, 2, 3, 4, 5};
  base::Random random({1});
  Reverse().Apply(window, random);
  EXPECT_EQ(window, (std::vector<float>{5, 4, 3, 2, 1}));
  Reverse().Apply(window, random);
  EXPECT_EQ(window, (std::vector<float>{1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace timbre::augment
