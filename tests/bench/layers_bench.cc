// The CPU engine by Google Benchmark, and where a layer's time goes: each layer by the choice that the plan
// makes here, one thread; its matrix products alone; and the whole engine. GFLOP/s and MFLOP are the direct
// convolution's, for one window; `multiplied` is what the products really take. The rest of a layer's time is
// transforms, bias, relu and pool. layers_bench --benchmark_filter=fp32
#include <benchmark/benchmark.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/engine/aligned_buffer.h"
#include "core/engine/cpu_engine.h"
#include "core/engine/cpu_network.h"
#include "core/engine/layer_trial.h"
#include "core/engine/plan.h"
#include "core/engine/products.h"
#include "core/engine/winograd.h"
#include "tests/support/hashed_weights.h"

namespace timbre::engine {
namespace {

void CountFlop(benchmark::State& state, double flop) {
  state.counters["GFLOP/s"] = benchmark::Counter(flop / 1e9, benchmark::Counter::kIsIterationInvariantRate);
}

// The time of one window, in seconds.
void CountWindows(benchmark::State& state, double windows) {
  state.counters["window_s"] = benchmark::Counter(
      windows, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

double FlopOf(const FoldedLayer& layer) {
  return 2.0 * static_cast<double>(layer.rows_in * layer.kernel * layer.in_channels * layer.out_channels);
}

// What a layer asks of the matrix products, without what is around them.
template <typename T>
class ProductsAlone {
 public:
  static absl::StatusOr<std::unique_ptr<ProductsAlone>> Create(const FoldedLayer& layer,
                                                               const LayerChoice& choice, int64_t windows) {
    const TileShape shape = ShapeOf(choice.algorithm);
    const bool direct = choice.algorithm == Algorithm::kDirect;
    std::unique_ptr<ProductsAlone> made(new ProductsAlone);
    const int64_t step = StackOf(layer) > 1 ? layer.rows_out() : choice.tile;
    std::set<int64_t, std::greater<>> counts;
    for (int64_t at = 0; at < layer.rows_out(); at += step) {
      const int64_t pool_windows = std::min(step, layer.rows_out() - at);
      const int64_t tiles = (pool_windows + shape.pool_windows - 1) / shape.pool_windows;
      const bool by_phase = direct && layer.pool;
      const int64_t rows = by_phase ? pool_windows : windows * tiles;
      made->calls_.insert(made->calls_.end(), by_phase ? windows * 3 : 1, rows);
      counts.insert(rows);
    }
    Products::Options options;
    options.batch = direct ? 1 : shape.products;
    options.depth = direct ? layer.kernel * layer.in_channels : layer.in_channels;
    options.columns = layer.out_channels;
    options.bf16 = std::is_same_v<T, Bf16>;
    options.row_stride = options.depth;
    options.weight_stride = options.columns;
    options.bf16_result = options.bf16 && direct && layer.pool;
    if (direct) options.bias = layer.bias;
    options.row_counts.assign(counts.begin(), counts.end());
    const std::vector<float> weights = TransformWeights(choice.algorithm, layer);
    TIMBRE_ASSIGN_OR_RETURN(made->products_, Products::Create(options, weights));
    TIMBRE_ASSIGN_OR_RETURN(made->runner_, made->products_->MakeRunner());
    made->source_ = AlignedBuffer<T>(options.batch * *counts.begin() * options.depth);
    made->destination_ = AlignedBuffer<float>(options.batch * *counts.begin() * options.columns);
    for (const int64_t rows : made->calls_)
      made->flop_ += 2.0 * static_cast<double>(options.batch * rows * options.depth * options.columns);
    made->weight_bytes_ = static_cast<double>(weights.size() * sizeof(T));
    return made;
  }

  absl::Status Run() {
    for (const int64_t rows : calls_)
      TIMBRE_RETURN_IF_ERROR(runner_->Run(source_.data(), rows, destination_.data()));
    return absl::OkStatus();
  }
  double flop() const { return flop_; }
  double weight_bytes() const { return weight_bytes_; }

 private:
  ProductsAlone() = default;
  std::shared_ptr<const Products> products_;
  std::unique_ptr<Products::Runner> runner_;
  std::vector<int64_t> calls_;  // the rows of each
  AlignedBuffer<T> source_;
  AlignedBuffer<float> destination_;
  double flop_ = 0, weight_bytes_ = 0;
};

template <typename T>
void LayerProducts(benchmark::State& state, const FoldedLayer& layer, const LayerChoice& choice) {
  UseOneThread();
  const auto windows = static_cast<double>((*LayerTrial<T>::Create(layer, choice))->windows_at_once());
  const auto alone = *ProductsAlone<T>::Create(layer, choice, static_cast<int64_t>(windows));
  for (auto _ : state) {
    if (const absl::Status status = alone->Run(); !status.ok())
      return state.SkipWithError(status.ToString().c_str());
  }
  state.SetLabel(absl::StrCat(AlgorithmName(choice.algorithm), " ", choice.tile));
  CountFlop(state, windows * FlopOf(layer));
  CountWindows(state, windows);
  state.counters["MFLOP"] = FlopOf(layer) / 1e6;
  state.counters["multiplied"] = alone->flop() / windows / 1e6;
  state.counters["kB_frames"] =
      static_cast<double>(sizeof(T)) / 1e3 *
      static_cast<double>(layer.rows_in * layer.in_channels + layer.rows_out() * layer.out_channels);
  state.counters["kB_weights"] = alone->weight_bytes() / 1e3;
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
  CountFlop(state, static_cast<double>(windows) * FlopOf(layer));
  CountWindows(state, static_cast<double>(windows));
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
    const std::string name = absl::StrCat(precision, "/layer", i + 2);
    benchmark::RegisterBenchmark(name.c_str(), Layer<T>, stack.layers[i], plan[i]);
    benchmark::RegisterBenchmark((name + "/products").c_str(), LayerProducts<T>, stack.layers[i], plan[i]);
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
