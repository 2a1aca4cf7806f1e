// A view is the same, bit for bit, whatever vectors the CPU has.

#include <gtest/gtest.h>
#include <hwy/per_target.h>
#include <hwy/targets.h>

#include "core/augment/chain.h"
#include "tests/support/signals.h"

namespace timbre::augment {
namespace {

class VectorWidthTest : public ::testing::Test {
 protected:
  // Gives the choice of instructions back to the CPU.
  ~VectorWidthTest() override { Choose(0); }

  // Of each instruction set that this CPU has, the view of a seed.
  static void ExpectEqualViews(const ChainConfig& config, size_t samples, uint64_t seed) {
    const Chain chain = Chain::Create(config).value();
    const auto original = timbre::testing::WhiteNoise(0.2, samples, 1);
    std::vector<float> first;
    for (const int64_t target : Targets()) {
      Choose(target);
      auto window = original;
      base::Random random({seed});
      const auto applied = chain.Apply(window, random);
      if (first.empty()) first = window;
      for (size_t i = 0; i < samples; ++i) {
        ASSERT_EQ(window[i], first[i])
            << "sample " << i << " of " << hwy::TargetName(target) << ", seed " << seed;
      }
    }
  }

  // 0: what the CPU is best at.
  static void Choose(int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }

  static std::vector<int64_t> Targets() {
    Choose(0);
    std::vector<int64_t> targets;
    for (int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
      const int64_t target = rest & -rest;
      // The portable fallback is not built where the CPU always has vectors.
      const std::string name = hwy::TargetName(target);
      if (name != "Scalar" && name != "Emu128") targets.push_back(target);
    }
    return targets;
  }
};

TEST_F(VectorWidthTest, EachEffectGivesTheSameBits) {
  const EffectParameters effects[] = {
      PolarityConfig{}, NoiseConfig{},  GainConfig{},    HighPassConfig{},       LowPassConfig{},
      DelayConfig{},    ReverbConfig{}, ReverseConfig{}, HighPassConfig{30, 60}, PitchShiftConfig{}};
  for (const EffectParameters& effect : effects) {
    SCOPED_TRACE(std::string(MakeEffect(effect).value()->name()));
    for (const size_t samples : {59049U, 1000U, 7U}) {
      for (uint64_t seed = 0; seed < 3; ++seed) ExpectEqualViews({{effect, 1}}, samples, seed);
    }
  }
}

TEST_F(VectorWidthTest, TheTutorialsChainGivesTheSameBits) {
  for (uint64_t seed = 0; seed < 20; ++seed) ExpectEqualViews(TutorialChain(), 59049, seed);
}

}  // namespace
}  // namespace timbre::augment
