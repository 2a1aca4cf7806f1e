// The CPU engine and the roof beside its peers: a program that answers questions, so that engine_bench.py can
// ask all contenders in turns. A line `NAME PRECISION THREADS BATCH SECONDS` is answered by GFLOP/s, counted
// as the direct convolution's. Names: timbre, roof (the bare matrix products of the direct convolution,
// nothing else).

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/cpu_engine.h"
#include "core/engine/folded_stack.h"
#include "core/engine/kernels.h"
#include "core/engine/products.h"
#include "core/engine/team.h"
#include "tests/support/hashed_weights.h"

namespace timbre::engine {
namespace {

// Calls of `call` in `seconds`, and the seconds they took.
std::pair<double, double> Repeat(double seconds, const std::function<void()>& call) {
  const auto begin = std::chrono::steady_clock::now();
  double calls = 0, took = 0;
  do {
    call();
    ++calls;
    took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  } while (took < seconds);
  return {calls, took};
}

class Timbre {
 public:
  Timbre(const std::string& precision, int threads)
      : engine_(*CpuEngine::Create({.precision = precision, .threads = threads})),
        encoder_(*engine_->Load(testing::HashedSampleCnn())) {}

  double WindowsPerSecond(int64_t batch, double seconds) {
    const auto windows = testing::HashedUniform(static_cast<size_t>(batch) * 59049, "windows", 0.5);
    std::vector<float> out(static_cast<size_t>(batch) * 512);
    const auto [calls, took] = Repeat(seconds, [&] {
      if (!encoder_->Encode(windows, batch, out).ok()) std::abort();
    });
    return calls * static_cast<double>(batch) / took;
  }

 private:
  std::unique_ptr<CpuEngine> engine_;
  std::shared_ptr<Encoder> encoder_;
};

// Every layer as [frames, 3 C] x [3 C, C'], at the number of frames that is fastest, on dense operands that
// stay in the cache as far as they fit.
class Roof {
 public:
  Roof(const std::string& precision, int threads) : bf16_(precision == "bf16"), team_(threads) {
    const auto stack = FoldSampleCnn(testing::HashedSampleCnn());
    flop_ = FlopPerWindow(*stack);
    for (const FoldedLayer& layer : stack->layers) {
      Shape best{};
      for (const int64_t rows : {27, 81, 243, 729, 2187}) {
        if (rows > std::max<int64_t>(layer.rows_in, 27)) break;
        Shape shape = MakeShape(layer, rows);
        UseOneThread();
        shape.seconds = Seconds(shape);
        if (best.products == nullptr || shape.seconds < best.seconds) best = std::move(shape);
      }
      shapes_.push_back(std::move(best));
    }
  }

  double WindowsPerSecond(int64_t /*batch*/, double seconds) {
    std::vector<double> rates(static_cast<size_t>(team_.size()));
    team_.Run([&](int thread) {
      double per_window = 0;
      for (const Shape& shape : shapes_)
        per_window += Seconds(shape, seconds / static_cast<double>(shapes_.size()));
      rates[static_cast<size_t>(thread)] = 1 / per_window;
    });
    double sum = 0;
    for (const double rate : rates) sum += rate;
    return sum;
  }

 private:
  struct Shape {
    int64_t rows = 0, frames = 0, depth = 0, columns = 0;
    double seconds = 0;
    std::shared_ptr<const Products> products{};
  };

  Shape MakeShape(const FoldedLayer& layer, int64_t rows) const {
    Shape shape{.rows = rows,
                .frames = layer.rows_in,
                .depth = layer.kernel * layer.in_channels,
                .columns = layer.out_channels};
    Products::Options options{.depth = shape.depth,
                              .columns = shape.columns,
                              .row_stride = shape.depth,
                              .weight_stride = shape.columns,
                              .bf16 = bf16_,
                              .row_counts = {rows}};
    shape.products = *Products::Create(options, layer.weight);
    return shape;
  }

  // Of one window.
  double Seconds(const Shape& shape, double measure = 0.02) const {
    const auto runner = *shape.products->MakeRunner();
    AlignedBuffer<float> in(shape.rows * shape.depth), out(shape.rows * shape.columns);
    const auto [calls, took] = Repeat(measure, [&] {
      if (!runner->Run(in.data(), shape.rows, out.data()).ok()) std::abort();
    });
    return took / calls * static_cast<double>(shape.frames) / static_cast<double>(shape.rows);
  }

  const bool bf16_;
  Team team_;
  double flop_ = 0;
  std::vector<Shape> shapes_;
};

template <typename Contender>
double Ask(std::map<std::pair<std::string, int>, std::unique_ptr<Contender>>& known,
           const std::string& precision, int threads, int64_t batch, double seconds) {
  std::unique_ptr<Contender>& contender = known[{precision, threads}];
  if (contender == nullptr) contender = std::make_unique<Contender>(precision, threads);
  return contender->WindowsPerSecond(batch, seconds);
}

int Run() {
  std::map<std::pair<std::string, int>, std::unique_ptr<Timbre>> timbre;
  std::map<std::pair<std::string, int>, std::unique_ptr<Roof>> roof;
  const double gflop = FlopPerWindow(*FoldSampleCnn(testing::HashedSampleCnn())) / 1e9;
  std::cout << KernelTarget() << std::endl;
  std::string name, precision;
  int threads = 1;
  int64_t batch = 1;
  double seconds = 1;
  while (std::cin >> name >> precision >> threads >> batch >> seconds) {
    const double rate = name == "roof" ? Ask(roof, precision, threads, batch, seconds)
                                       : Ask(timbre, precision, threads, batch, seconds);
    std::cout << rate * gflop << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace timbre::engine

int main() { return timbre::engine::Run(); }
