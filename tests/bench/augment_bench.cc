// Each effect and the two chains on windows of 59,049 samples. An iteration is one view, its copy from the
// original included (4 us); the seed counts up, so that draws and probabilities are those of a training.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "core/audio/windows.h"
#include "core/augment/chain.h"

namespace timbre::augment {
namespace {

// A chord with noise on top: something of everything.
std::vector<float> Music() {
  base::Random random({1});
  std::vector<float> window(audio::kWindowSamples);
  for (size_t i = 0; i < window.size(); ++i) {
    const double t = static_cast<double>(i) / audio::kSampleRateHz;
    double x = 0.02 * random.Normal();
    for (const double hertz : {110.0, 220.0, 277.2, 329.6, 1318.5}) x += 0.1 * std::sin(6.283185 * hertz * t);
    window[i] = static_cast<float>(x);
  }
  return window;
}

void MakeViews(benchmark::State& state, const ChainConfig& config) {
  const Chain chain = Chain::Create(config).value();
  const std::vector<float> original = Music();
  std::vector<float> window(original.size());
  uint64_t seed = 0;
  for (auto _ : state) {
    std::copy(original.begin(), original.end(), window.begin());
    base::Random random({seed++});
    benchmark::DoNotOptimize(chain.Apply(window, random));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

const int kRegistered = [] {
  const std::pair<const char*, EffectParameters> effects[] = {
      {"polarity", PolarityConfig{}},  {"noise", NoiseConfig{}},      {"gain", GainConfig{}},
      {"high_pass", HighPassConfig{}}, {"low_pass", LowPassConfig{}}, {"high_low_pass", HighLowPassConfig{}},
      {"delay", DelayConfig{}},        {"reverb", ReverbConfig{}},    {"pitch_shift", PitchShiftConfig{}},
      {"reverse", ReverseConfig{}},
  };
  for (const auto& [name, parameters] : effects) {
    benchmark::RegisterBenchmark(name, MakeViews, ChainConfig{{parameters, 1}})
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::RegisterBenchmark("tutorial_chain", MakeViews, TutorialChain())->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("clmr_chain", MakeViews, ClmrChain())->Unit(benchmark::kMicrosecond);
  return 0;
}();

}  // namespace
}  // namespace timbre::augment
