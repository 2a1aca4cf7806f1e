#include "core/augment/chain.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::augment {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using timbre::testing::StatusIs;

std::vector<float> Window() { return timbre::testing::WhiteNoise(0.2, 2000, 1); }

TEST(ChainTest, TheTutorialsChainHasItsOrderAndProbabilities) {
  const ChainConfig config = TutorialChain();
  std::vector<std::string> names;
  std::vector<double> probabilities;
  for (const EffectConfig& link : config) {
    names.emplace_back(MakeEffect(link.parameters).value()->name());
    probabilities.push_back(link.probability);
  }
  EXPECT_THAT(names, ElementsAre("polarity", "noise", "gain", "high_low_pass", "delay", "reverb"));
  EXPECT_THAT(probabilities, ElementsAre(0.8, 0.3, 0.2, 1.0, 0.5, 0.3));
}

TEST(ChainTest, ClmrsChainHasItsOrderAndProbabilities) {
  std::vector<std::string> names;
  std::vector<double> probabilities;
  for (const EffectConfig& link : ClmrChain()) {
    names.emplace_back(MakeEffect(link.parameters).value()->name());
    probabilities.push_back(link.probability);
  }
  EXPECT_THAT(names,
              ElementsAre("polarity", "noise", "gain", "high_low_pass", "delay", "pitch_shift", "reverb"));
  EXPECT_THAT(probabilities, ElementsAre(0.8, 0.01, 0.3, 0.8, 0.3, 0.6, 0.6));
}

TEST(ChainTest, EachEffectIsAppliedAsOftenAsItsProbabilitySays) {
  const Chain chain = Chain::Create(TutorialChain()).value();
  constexpr int kRounds = 2000;
  std::map<std::string, int> counts;
  for (uint64_t seed = 0; seed < kRounds; ++seed) {
    std::vector<float> window(50, 0.1F);
    base::Random random({seed});
    for (const std::string& name : chain.Apply(window, random)) ++counts[name];
  }
  const std::map<std::string, double> expected = {{"polarity", 0.8},      {"noise", 0.3}, {"gain", 0.2},
                                                  {"high_low_pass", 1.0}, {"delay", 0.5}, {"reverb", 0.3}};
  for (const auto& [name, probability] : expected) {
    EXPECT_NEAR(counts[name] / static_cast<double>(kRounds), probability, 0.045) << name;
  }
}

TEST(ChainTest, ProbabilityZeroIsNeverAndOneIsAlways) {
  const Chain chain = Chain::Create({{PolarityConfig{}, 0}, {GainConfig{}, 1}}).value();
  for (uint64_t seed = 0; seed < 500; ++seed) {
    auto window = Window();
    base::Random random({seed});
    ASSERT_THAT(chain.Apply(window, random), ElementsAre("gain"));
  }
}

TEST(ChainTest, EffectsAreAppliedInOrder) {
  const auto original = std::vector<float>(100, 0.5F);
  const EffectConfig louder{GainConfig{20, 20}, 1};  // clamps at 1
  const EffectConfig softer{GainConfig{-20, -20}, 1};
  const auto first_sample = [&](const ChainConfig& config) {
    auto window = original;
    base::Random random({1});
    Chain::Create(config).value().Apply(window, random);
    return window[0];
  };
  EXPECT_NEAR(first_sample({louder, softer}), 0.1, 1e-6);
  EXPECT_NEAR(first_sample({softer, louder}), 0.5, 1e-6);
}

TEST(ChainTest, AnEmptyChainChangesNothing) {
  const Chain chain = Chain::Create({}).value();
  EXPECT_TRUE(chain.empty());
  auto window = Window();
  base::Random random({1});
  EXPECT_THAT(chain.Apply(window, random), IsEmpty());
  EXPECT_EQ(window, Window());
}

TEST(ChainTest, AViewDependsOnItsSeedAloneWhateverThreadMakesIt) {
  const Chain chain = Chain::Create(TutorialChain()).value();
  const auto view = [&chain](uint64_t seed) {
    auto window = timbre::testing::WhiteNoise(0.2, 59049, 1);
    base::Random random({seed});
    chain.Apply(window, random);
    return window;
  };
  constexpr uint64_t kViews = 24;
  std::vector<std::vector<float>> from_threads(kViews);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t seed = t; seed < kViews; seed += 4) from_threads[seed] = view(seed);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint64_t seed = 0; seed < kViews; ++seed) EXPECT_EQ(from_threads[seed], view(seed)) << seed;
}

TEST(ChainTest, ABadProbabilityNamesItsLink) {
  for (double probability : {-0.1, 1.1, std::nan("")}) {
    EXPECT_THAT(Chain::Create({{PolarityConfig{}, 1}, {NoiseConfig{}, probability}}),
                StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("2 of 2"), HasSubstr("noise"))));
  }
}

TEST(ChainTest, ABadEffectNamesItsLink) {
  EXPECT_THAT(
      Chain::Create({{NoiseConfig{.min_ratio = -1}, 1}}),
      StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("1 of 1"), HasSubstr("noise ratio"))));
}

}  // namespace
}  // namespace timbre::augment
