// The CPU engine by Google Benchmark: each layer by the choice that the plan makes here, one thread, and the
// whole of it. GFLOP/s are counted as the direct convolution's. layers_bench --benchmark_filter=fp32
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/engine/cpu_engine.h"
#include "core/engine/cpu_network.h"
#include "core/engine/layer_trial.h"
#include "core/engine/plan.h"
#include "core/engine/products.h"
#include "tests/support/hashed_weights.h"

namespace timbre::engine {
namespace {

void CountFlop(benchmark::State& state, double flop) {
  state.counters["GFLOP/s"] = benchmark::Counter(flop / 1e9, benchmark::Counter::kIsIterationInvariantRate);
}

template <typename T>
void Layer(benchmark::State& state, const FoldedLayer& layer, const LayerChoice& choice) {
  UseOneThread();
  const auto trial = *LayerTrial<T>::Create(layer, choice);
  const int64_t windows = trial->windows_at_once();
  for (auto _ : state) {
    if (const absl::Status status = trial->Run(windows); !status.ok())
      return state.SkipWithError(status.ToString().c_str());
  }
  state.SetLabel(absl::StrCat(AlgorithmName(choice.algorithm), " ", choice.tile));
  CountFlop(state, 2.0 * static_cast<double>(windows * layer.rows_in * layer.kernel * layer.in_channels *
                                             layer.out_channels));
}

void Whole(benchmark::State& state, const std::string& precision, const FoldedStack& stack) {
  const auto threads = static_cast<int>(state.range(0));
  const int64_t count = state.range(1);
  const auto engine = *CpuEngine::Create({.precision = precision, .threads = threads});
  const auto encoder = *engine->Load(testing::HashedSampleCnn());
  const auto windows =
      testing::HashedUniform(static_cast<size_t>(count * stack.window_samples), "windows", 0.5);
  std::vector<float> out(static_cast<size_t>(count * stack.embedding_dim()));
  for (auto _ : state) {
    if (!encoder->Encode(windows, count, out).ok()) return state.SkipWithError("Encode failed");
  }
  CountFlop(state, static_cast<double>(count) * FlopPerWindow(stack));
}

template <typename T>
void Register(const FoldedStack& stack) {
  const std::string precision = std::is_same_v<T, Bf16> ? "bf16" : "fp32";
  const Plan plan = *MeasurePlan(stack, precision);
  for (size_t i = 0; i < stack.layers.size(); ++i) {
    benchmark::RegisterBenchmark(absl::StrCat(precision, "/layer", i + 2).c_str(), Layer<T>, stack.layers[i],
                                 plan[i]);
  }
  benchmark::RegisterBenchmark(absl::StrCat(precision, "/whole").c_str(), Whole, precision, stack)
      ->ArgNames({"threads", "batch"})
      ->ArgsProduct({{1, 2}, {1, 16, 64}})
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace timbre::engine

int main(int argc, char** argv) {
  using namespace timbre::engine;
  const FoldedStack stack = *FoldSampleCnn(timbre::testing::HashedSampleCnn());
  Register<float>(stack);
  Register<Bf16>(stack);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
