#include "core/augment/delay.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/core/augment/golden.h"
#include "tests/support/signals.h"

namespace timbre::augment {
namespace {

using timbre::testing::Click;
using timbre::testing::WhiteNoise;

// Where the echo of a click at 0 comes, in samples; 0 when none does.
size_t EchoOffset(const Delay& delay, uint64_t seed) {
  auto window = Click(0, 59049);
  base::Random random({seed});
  delay.Apply(window, random);
  for (size_t i = 1; i < window.size(); ++i) {
    if (window[i] != 0) return i;
  }
  return 0;
}

TEST(DelayTest, TheDefaultsGiveSixDelaysAndNever500Milliseconds) {
  std::set<size_t> offsets;
  for (uint64_t seed = 0; seed < 200; ++seed) offsets.insert(EchoOffset(Delay(DelayConfig()), seed));
  // 200, 250, 300, 350, 400, 450 ms at 22,050 Hz, cut to whole samples.
  EXPECT_EQ(offsets, (std::set<size_t>{4410, 5512, 6615, 7717, 8820, 9922}));
}

TEST(DelayTest, AStepThatDoesNotDivideTheRangeStillEndsBelowItsMaximum) {
  std::set<size_t> offsets;
  for (uint64_t seed = 0; seed < 100; ++seed) offsets.insert(EchoOffset(Delay({0.5, 100, 220, 100}), seed));
  EXPECT_EQ(offsets, (std::set<size_t>{2205, 4410}));
}

TEST(DelayTest, TheDirectPathFallsBy6DecibelsAndTheEchoBy12) {
  auto window = Click(100, 10000);
  AddEcho(window, 4410, 0.5);
  std::vector<float> expected(10000, 0);
  expected[100] = 0.5F;
  expected[4510] = 0.25F;
  EXPECT_EQ(window, expected);
}

TEST(DelayTest, TheEchoIsOfTheOriginalNotOfEarlierEchoes) {
  const auto original = WhiteNoise(0.3, 5000, 1);
  auto window = original;
  AddEcho(window, 1000, 0.5);
  for (size_t t = 0; t < window.size(); ++t) {
    const float echo = t >= 1000 ? original[t - 1000] : 0;
    ASSERT_FLOAT_EQ(window[t], (original[t] + 0.5F * echo) / 2);
  }
}

TEST(DelayTest, EqualsNumpysWithinOneRounding) {
  auto window = timbre::testing::ReadGolden("filters/input.f32");
  AddEcho(window, 441, 0.5);
  timbre::testing::ExpectNear(window, timbre::testing::ReadGolden("filters/delay_441.f32"), 6e-8);
}

TEST(DelayTest, AnyOffsetAndLengthGiveTheSameSumAsTheDefinition) {
  for (const size_t samples : {1U, 15U, 33U, 64U, 100U}) {
    for (const size_t offset : {1U, 3U, 7U, 16U, 31U, 99U}) {
      const auto original = WhiteNoise(0.3, samples, 1);
      auto window = original;
      AddEcho(window, offset, 0.5);
      for (size_t t = 0; t < samples; ++t) {
        const float echo = t >= offset ? original[t - offset] : 0;
        ASSERT_FLOAT_EQ(window[t], (original[t] + 0.5F * echo) / 2) << samples << " " << offset;
      }
    }
  }
}

TEST(DelayTest, AWindowShorterThanTheDelayKeepsOnlyTheDirectPath) {
  std::vector<float> window(100, 0.8F);
  AddEcho(window, 4410, 0.5);
  EXPECT_EQ(window, std::vector<float>(100, 0.4F));
}

}  // namespace
}  // namespace timbre::augment
