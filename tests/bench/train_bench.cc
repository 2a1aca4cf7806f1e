// The training engine, LibTorch and the roof beside their peers: a program that answers questions, so that
// train_bench.py can ask all contenders in turns. A line `NAME PRECISION THREADS BATCH SECONDS` is answered
// by windows/s of a forward and a backward pass. Names: timbre, libtorch, and roof (the bare matrix products
// of the direct convolutions, forward and backward, nothing else).

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/kernels.h"
#include "core/engine/team.h"
#include "core/model/encoder_module.h"
#include "core/model/tensor_cache.h"
#include "core/model/torch_compat.h"
#include "core/train/encoder_engine.h"
#include "core/train_engine/matmul.h"
#include "core/train_engine/train_engine.h"

namespace timbre::train_engine {
namespace {

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

// SampleCNN as it is trained, forward and backward; by LibTorch, or by the training engine in its place.
class Encoder {
 public:
  Encoder(const std::string& precision, int threads, bool libtorch)
      : bf16_(precision == "bf16"),
        threads_(threads),
        encoder_(*model::MakeEncoder({.dropout = 0, .seed = 1})) {
    torch::set_num_threads(threads);
    if (!libtorch) engine_ = *train::EncoderEngine::Create(*encoder_, bf16_);
  }

  double WindowsPerSecond(int64_t batch, double seconds) {
    torch::set_num_threads(threads_);
    const model::TensorCacheScope reuse_memory;
    const torch::Tensor windows = torch::rand({batch, 1, encoder_->window_samples()}) - 0.5;
    const torch::Tensor slope = torch::rand({batch, encoder_->embedding_dim()}) - 0.5;
    const auto [calls, took] = Repeat(seconds, [&] {
      encoder_->zero_grad();
      Forward(windows).to(torch::kFloat).backward(slope);
    });
    return calls * static_cast<double>(batch) / took;
  }

 private:
  torch::Tensor Forward(const torch::Tensor& windows) {
    if (engine_) return engine_->Forward(*encoder_, windows);
    const model::AutocastGuard autocast(torch::kCPU, bf16_);
    return encoder_->forward(windows);
  }

  const bool bf16_;
  const int threads_;
  std::shared_ptr<model::EncoderModule> encoder_;
  std::shared_ptr<train::EncoderEngine> engine_;
};

// Every layer's three products (forward, input gradient, weight gradient) as [frames, 3 C] x [3 C, C'] and so
// on, on dense operands that stay in the cache as far as they fit.
NetworkShape SampleCnn() {
  constexpr int64_t kChannels[] = {1, 128, 128, 128, 256, 256, 256, 256, 256, 256, 512, 512};
  std::vector<std::array<int64_t, 3>> weights;
  for (size_t i = 1; i < std::size(kChannels); ++i) {
    weights.push_back({kChannels[i], kChannels[i - 1], i + 1 == std::size(kChannels) ? 1 : 3});
  }
  return *ShapeOf(weights);
}

class Roof {
 public:
  Roof(const std::string& precision, int threads) : bf16_(precision == "bf16"), team_(threads) {}

  double WindowsPerSecond(double seconds) {
    const NetworkShape shape = SampleCnn();
    const double share = seconds / static_cast<double>(2 * shape.blocks.size());
    std::vector<double> rates(static_cast<size_t>(team_.size()));
    team_.Run([&](int thread) {
      double per_window = 0;
      for (size_t i = 1; i < shape.blocks.size(); ++i) {
        const BlockShape& block = shape.blocks[i];
        const int64_t depth = block.kernel * block.in_channels;
        per_window += 2 * Seconds(Matmul::Kind::kTimesWeights, depth, block, share) +
                      Seconds(Matmul::Kind::kTransposedRows, depth, block, share);
      }
      rates[static_cast<size_t>(thread)] = 1 / per_window;
    });
    double sum = 0;
    for (const double rate : rates) sum += rate;
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

double Ask(const std::string& name, const std::string& precision, int threads, int64_t batch,
           double seconds) {
  static std::map<std::tuple<std::string, std::string, int>, std::unique_ptr<Encoder>> known;
  if (name == "roof") return Roof(precision, threads).WindowsPerSecond(seconds);
  std::unique_ptr<Encoder>& encoder = known[{name, precision, threads}];
  if (encoder == nullptr) encoder = std::make_unique<Encoder>(precision, threads, name == "libtorch");
  return encoder->WindowsPerSecond(batch, seconds);
}

int Run() {
  std::cout << engine::KernelTarget() << std::endl;
  std::string name, precision;
  int threads = 1;
  int64_t batch = 1;
  double seconds = 1;
  while (std::cin >> name >> precision >> threads >> batch >> seconds) {
    std::cout << Ask(name, precision, threads, batch, seconds) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace timbre::train_engine

int main() { return timbre::train_engine::Run(); }
