#include "core/augment/reverb.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/augment/golden.h"
#include "tests/support/signals.h"

namespace timbre::augment {
namespace {

using ::testing::ElementsAre;
using timbre::testing::Click;
using timbre::testing::ExpectNear;
using timbre::testing::ReadGolden;
using timbre::testing::Rms;

// What the reverb adds to a click: the wet signal alone.
std::vector<float> WetResponse(const ReverbSetting& setting, size_t samples = 22050) {
  auto window = Click(0, samples, 0.5F);
  AddReverb(window, setting);
  window[0] -= 0.5F;
  return window;
}

TEST(ReverbTest, EqualsSoxOnQuietAudio) {
  const auto input = ReadGolden("reverb/input.f32");
  struct Golden {
    const char* file;
    ReverbSetting setting;
  };
  for (const auto& [file, setting] :
       {Golden{"r0_d0_s0.f32", {0, 0, 0}}, Golden{"r50_d50_s50.f32", {50, 50, 50}},
        Golden{"r99_d99_s99.f32", {99, 99, 99}}, Golden{"r30_d80_s10.f32", {30, 80, 10}}}) {
    SCOPED_TRACE(file);
    auto window = input;
    AddReverb(window, setting);
    ExpectNear(window, ReadGolden(std::string("reverb/") + file), 5e-7);
  }
}

TEST(ReverbTest, ClipsAsSoxDoes) {
  auto window = ReadGolden("reverb/input.f32");
  for (float& x : window) x *= 8;
  AddReverb(window, {90, 10, 60});
  ExpectNear(window, ReadGolden("reverb/loud_r90_d10_s60.f32"), 5e-7);
}

TEST(ReverbTest, TheParametersFollowSoxFormulas) {
  EXPECT_NEAR(PlanReverb({0, 0, 0}).feedback, 0.30, 1e-4);
  EXPECT_NEAR(PlanReverb({50, 0, 0}).feedback, 0.8817, 1e-4);
  EXPECT_NEAR(PlanReverb({99, 0, 0}).feedback, 0.9793, 1e-4);
  EXPECT_FLOAT_EQ(PlanReverb({0, 0, 0}).damping, 0.2F);
  EXPECT_FLOAT_EQ(PlanReverb({0, 100, 0}).damping, 0.5F);
  const ReverbPlan plan = PlanReverb({50, 50, 50});
  EXPECT_THAT(plan.all_pass_samples[0], ElementsAre(113, 171, 221, 278));
  EXPECT_THAT(plan.all_pass_samples[1], ElementsAre(119, 165, 227, 272));
  EXPECT_EQ(plan.comb_samples[0].front(), 307U);
  EXPECT_EQ(plan.comb_samples[0].back(), 445U);
}

TEST(ReverbTest, TheDrySignalStaysAtFullLevelAndTheRoomAnswersLater) {
  const auto wet = WetResponse({50, 50, 50});
  EXPECT_EQ(wet[0], 0);
  // Nothing comes back before the shortest comb: right channel, (1356 - 12) down to (1116 + 12) samples at
  // 44,100 Hz.
  for (size_t i = 0; i < 307; ++i) ASSERT_LT(std::abs(wet[i]), 1e-12);
  EXPECT_GT(Rms({wet.begin() + 307, wet.begin() + 1000}), 1e-5);
}

// Seconds for the energy to fall by 60 dB, from the fall between two stretches of the response.
double DecaySeconds(const std::vector<float>& wet, size_t early, size_t late, size_t length) {
  const auto level = [&](size_t begin) {
    const auto from = wet.begin() + static_cast<std::ptrdiff_t>(begin);
    return 20 * std::log10(Rms({from, from + static_cast<std::ptrdiff_t>(length)}));
  };
  return 60 * static_cast<double>(late - early) / 22050 / (level(early) - level(late));
}

TEST(ReverbTest, TheDecayFollowsFeedbackAndRoom) {
  // Low frequencies lose 20 log10(feedback) dB a turn of a comb of about 1367 samples at 44,100 Hz (the
  // mean).
  for (const int reverberance : {70, 85, 95}) {
    const ReverbSetting setting{reverberance, 0, 50};
    const double turn_seconds = 1367.0 / 44100 * (0.1 + 0.9 * 0.5);
    const double ideal = 60 * turn_seconds / (-20 * std::log10(PlanReverb(setting).feedback));
    std::vector<float> window(4 * 22050, 0.0F);
    // A soft pulse of low frequencies, which the damping spares.
    for (size_t i = 0; i < 2205; ++i)
      window[i] = static_cast<float>(0.2 * (1 - std::cos(2 * M_PI * i / 2205.0)));
    AddReverb(window, setting);
    const double measured = DecaySeconds(window, 4410, 4410 + 11025, 4410);
    EXPECT_NEAR(measured / ideal, 1, 0.25) << reverberance;
  }
}

TEST(ReverbTest, MoreReverberanceLastsLongerAndMoreDampingTakesTheHighs) {
  const auto tail = [](const ReverbSetting& setting) {
    const auto wet = WetResponse(setting);
    return Rms({wet.begin() + 11025, wet.end()});
  };
  EXPECT_LT(tail({20, 50, 50}), tail({60, 50, 50}));
  EXPECT_LT(tail({60, 50, 50}), tail({95, 50, 50}));
  // The share of neighbour-to-neighbour change is the share of high frequencies.
  const auto brightness = [](int damping) {
    const auto wet = WetResponse({90, damping, 50});
    std::vector<float> change(8000);
    for (size_t i = 0; i < change.size(); ++i) change[i] = wet[i + 4001] - wet[i + 4000];
    return Rms(change) / Rms({wet.begin() + 4000, wet.begin() + 12000});
  };
  EXPECT_GT(brightness(0), brightness(50));
  EXPECT_GT(brightness(50), brightness(100));
}

TEST(ReverbTest, ALongSilentTailStaysFiniteAndTiny) {
  auto window = Click(0, 59049, 0.5F);
  AddReverb(window, {0, 50, 0});
  for (size_t i = 50000; i < window.size(); ++i) ASSERT_LT(std::abs(window[i]), 1e-15);
}

TEST(ReverbTest, TheDrawnSettingsStayInTheirRanges) {
  const Reverb one_setting({50, 51, 30, 31, 20, 21});
  auto window = Click(10, 5000, 0.5F);
  auto expected = window;
  base::Random random({1});
  one_setting.Apply(window, random);
  AddReverb(expected, {50, 30, 20});
  EXPECT_EQ(window, expected);
}

}  // namespace
}  // namespace timbre::augment
