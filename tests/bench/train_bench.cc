// The training engine and the roof beside its peers: a program that answers questions, so that train_bench.py
// can ask all contenders in turns. A line `NAME PRECISION THREADS BATCH SECONDS` is answered by windows/s of
// forward and backward. Names: timbre, and roof (the bare matrix products of the three direct convolutions,
// nothing else).

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/kernels.h"
#include "core/engine/team.h"
#include "core/train_engine/matmul.h"
#include "core/train_engine/train_engine.h"
#include "tests/support/hashed_weights.h"

namespace timbre::train_engine {
namespace {

using Floats = std::vector<float>;

NetworkShape SampleCnn() {
  constexpr int64_t kChannels[] = {1, 128, 128, 128, 256, 256, 256, 256, 256, 256, 512, 512};
  std::vector<std::array<int64_t, 3>> weights;
  for (size_t i = 1; i < std::size(kChannels); ++i) {
    weights.push_back({kChannels[i], kChannels[i - 1], i + 1 == std::size(kChannels) ? 1 : 3});
  }
  return *ShapeOf(weights);
}

// Calls of `call` in `seconds`, after one to warm up, and the seconds they took.
std::pair<double, double> Repeat(double seconds, const std::function<void()>& call) {
  call();
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
      : shape_(SampleCnn()),
        engine_(TrainEngine::Create(shape_, {.bf16 = precision == "bf16", .threads = threads})) {
    for (const BlockShape& block : shape_.blocks) {
      const auto weight = static_cast<size_t>(block.weight_size()),
                 out = static_cast<size_t>(block.out_channels);
      const double bound = 1.5 / std::sqrt(static_cast<double>(block.in_channels * block.kernel));
      weight_.push_back(testing::HashedUniform(weight, std::to_string(weight_.size()), bound));
      weight_gradient_.emplace_back(weight);
      rest_.push_back(Floats(8 * out, 1));
    }
  }

  double WindowsPerSecond(int64_t batch, double seconds) {
    const auto windows =
        testing::HashedUniform(static_cast<size_t>(batch * shape_.window_samples), "windows", 0.5);
    const auto gradient =
        testing::HashedUniform(static_cast<size_t>(batch * shape_.embedding_dim()), "gradient", 1e-3);
    Floats out(gradient.size());
    std::vector<BlockParameters> parameters;
    std::vector<BlockGradients> gradients;
    for (size_t i = 0; i < weight_.size(); ++i) {
      const auto channels = static_cast<size_t>(shape_.blocks[i].out_channels);
      float* const rest = rest_[i].data();
      parameters.push_back({weight_[i].data(), rest, rest + channels, rest + 2 * channels,
                            rest + 3 * channels, rest + 4 * channels});
      gradients.push_back(
          {weight_gradient_[i].data(), rest + 5 * channels, rest + 6 * channels, rest + 7 * channels});
    }
    Batch of{.windows = windows.data(), .count = batch};
    of.masks.resize(weight_.size());
    const auto [calls, took] = Repeat(seconds, [&] {
      auto tape = engine_->Forward(parameters, of, /*keep=*/true, out.data());
      if (!tape.ok() || !engine_->Backward(*std::move(tape), of, gradient.data(), gradients).ok())
        std::abort();
    });
    return calls * static_cast<double>(batch) / took;
  }

 private:
  const NetworkShape shape_;
  std::unique_ptr<TrainEngine> engine_;
  std::vector<Floats> weight_, weight_gradient_, rest_;
};

// Every layer's three products (forward, input gradient, weight gradient) as [frames, 3 C] x [3 C, C'] and so
// on, on dense operands that stay in the cache as far as they fit.
class Roof {
 public:
  Roof(const std::string& precision, int threads) : bf16_(precision == "bf16"), team_(threads) {}

  double WindowsPerSecond(int64_t /*batch*/, double seconds) {
    const NetworkShape shape = SampleCnn();
    const double share = seconds / static_cast<double>(2 * shape.blocks.size());
    Floats rates(static_cast<size_t>(team_.size()));
    team_.Run([&](int thread) {
      double per_window = 0;
      for (size_t i = 1; i < shape.blocks.size(); ++i) {
        const BlockShape& block = shape.blocks[i];
        const int64_t depth = block.kernel * block.in_channels;
        per_window += 2 * Seconds(Matmul::Kind::kTimesWeights, depth, block, share) +
                      Seconds(Matmul::Kind::kTransposedRows, depth, block, share);
      }
      rates[static_cast<size_t>(thread)] = static_cast<float>(1 / per_window);
    });
    double sum = 0;
    for (const float rate : rates) sum += rate;
    return sum;
  }

 private:
  // Of one window.
  double Seconds(Matmul::Kind kind, int64_t depth, const BlockShape& block, double seconds) const {
    constexpr int64_t kRows = 243;
    const Matmul product(kind, {.depth = depth, .columns = block.out_channels, .bf16 = bf16_});
    Lane lane;
    engine::AlignedBuffer<float> left(kRows * depth), right(std::max(kRows, depth) * block.out_channels),
        result(std::max(kRows, depth) * block.out_channels);
    const auto [calls, took] = Repeat(seconds, [&] {
      if (!product.Run(lane, left.data(), right.data(), kRows, result.data()).ok()) std::abort();
    });
    return took / calls * static_cast<double>(block.frames) / kRows;
  }

  const bool bf16_;
  engine::Team team_;
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
  std::cout << engine::KernelTarget() << std::endl;
  std::string name, precision;
  int threads = 1;
  int64_t batch = 1;
  double seconds = 1;
  while (std::cin >> name >> precision >> threads >> batch >> seconds) {
    std::cout << (name == "roof" ? Ask(roof, precision, threads, batch, seconds)
                                 : Ask(timbre, precision, threads, batch, seconds))
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace timbre::train_engine

int main() { return timbre::train_engine::Run(); }
