#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/augment/effect.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::augment {
namespace {

using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const std::vector<std::pair<EffectParameters, std::string>>& Defaults() {
  static const std::vector<std::pair<EffectParameters, std::string>> defaults = {
      {PolarityConfig{}, "polarity"},
      {NoiseConfig{}, "noise"},
      {GainConfig{}, "gain"},
      {HighLowPassConfig{}, "high_low_pass"},
      {DelayConfig{}, "delay"},
      {ReverbConfig{}, "reverb"},
      {HighPassConfig{}, "high_pass"},
      {LowPassConfig{}, "low_pass"},
      {PitchShiftConfig{}, "pitch_shift"},
      {ReverseConfig{}, "reverse"}};
  return defaults;
}

void ExpectRefused(const EffectParameters& parameters, const std::string& field) {
  EXPECT_THAT(MakeEffect(parameters).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
}

TEST(FactoryTest, EachConfigurationMakesItsEffect) {
  for (const auto& [parameters, name] : Defaults()) {
    const auto effect = MakeEffect(parameters);
    ASSERT_THAT(effect, IsOk());
    EXPECT_EQ((*effect)->name(), name);
  }
}

TEST(FactoryTest, NoiseRangesAreChecked) {
  ExpectRefused(NoiseConfig{-0.1, 0.1}, "noise ratio");
  ExpectRefused(NoiseConfig{0.2, 0.1}, "noise ratio");
  ExpectRefused(NoiseConfig{kNan, 0.1}, "noise ratio");
}

TEST(FactoryTest, GainRangesAreChecked) {
  ExpectRefused(GainConfig{-1, -20}, "gain db");
  ExpectRefused(GainConfig{-20, INFINITY}, "gain db");
}

TEST(FactoryTest, CutoffsAreCheckedAgainstNyquist) {
  ExpectRefused(HighLowPassConfig{.high_pass_min_hz = 0}, "high_pass hz");
  ExpectRefused(HighLowPassConfig{.high_pass_min_hz = 1300}, "high_pass hz");
  ExpectRefused(HighLowPassConfig{.low_pass_max_hz = 11025}, "11024");
  ExpectRefused(HighLowPassConfig{.low_pass_min_hz = kNan}, "low_pass hz");
}

TEST(FactoryTest, SingleFiltersAndPitchShiftsAreChecked) {
  ExpectRefused(HighPassConfig{.min_hz = 10}, "high_pass hz");
  ExpectRefused(LowPassConfig{.min_hz = 5000}, "low_pass hz");
  ExpectRefused(PitchShiftConfig{.min_cents = 800}, "pitch_shift cents");
  ExpectRefused(PitchShiftConfig{.max_cents = 2401}, "2400");
}

TEST(FactoryTest, DelaysAreChecked) {
  ExpectRefused(DelayConfig{.min_ms = -1}, "delay ms");
  ExpectRefused(DelayConfig{.min_ms = 500}, "delay ms");
  ExpectRefused(DelayConfig{.max_ms = 3000}, "2677");
  ExpectRefused(DelayConfig{.step_ms = 0}, "step_ms");
  ExpectRefused(DelayConfig{.echo_volume = 1.5}, "echo_volume");
}

TEST(FactoryTest, ReverbRangesAreChecked) {
  ExpectRefused(ReverbConfig{.max_reverberance = 102}, "reverberance");
  ExpectRefused(ReverbConfig{.min_damping = -1}, "damping");
  ExpectRefused(ReverbConfig{.min_room_scale = 100}, "room_scale");
}

TEST(EffectsTest, EachKeepsTheLengthWhateverItIs) {
  for (const auto& [parameters, name] : Defaults()) {
    const auto effect = MakeEffect(parameters).value();
    for (size_t samples : {size_t{0}, size_t{1}, size_t{100}, size_t{59049}}) {
      auto window = timbre::testing::WhiteNoise(0.2, samples, 1);
      base::Random random({1});
      effect->Apply(window, random);
      EXPECT_EQ(window.size(), samples);
      for (float x : window) ASSERT_TRUE(std::isfinite(x)) << name;
    }
  }
}

TEST(EffectsTest, TheSameSeedGivesTheSameViewAndAnotherSeedAnother) {
  const auto original = timbre::testing::WhiteNoise(0.2, 20000, 1);
  for (const auto& [parameters, name] : Defaults()) {
    const auto effect = MakeEffect(parameters).value();
    const auto view = [&](uint64_t seed) {
      auto window = original;
      base::Random random({seed});
      effect->Apply(window, random);
      return window;
    };
    EXPECT_EQ(view(1), view(1)) << name;
    EXPECT_NE(view(1), original) << name;
    // A delay has six values, so one other seed may give the same.
    bool differs = name == "polarity" || name == "reverse";
    for (uint64_t seed = 2; seed < 10; ++seed) differs |= view(seed) != view(1);
    EXPECT_TRUE(differs) << name;
  }
}

}  // namespace
}  // namespace timbre::augment
