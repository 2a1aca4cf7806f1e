#include "core/model/seeding.h"

#include <cmath>

namespace timbre::model {
namespace {

// Weights from U(+-gain/sqrt(fan_in)), biases from U(+-1/sqrt(fan_in)).
void DrawUniform(double gain, const torch::Tensor& weight, const torch::Tensor& bias,
                 torch::Generator& generator) {
  const double fan_in = static_cast<double>(weight.numel()) / static_cast<double>(weight.size(0));
  const double bound = 1 / std::sqrt(fan_in);
  weight.uniform_(-gain * bound, gain * bound, generator);
  if (bias.defined()) bias.uniform_(-bound, bound, generator);
}

}  // namespace

torch::Generator MakeGenerator(torch::Device device, uint64_t seed) {
  torch::Generator generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return generator;
}

void DrawWeights(uint64_t seed, torch::nn::Module& module, Initialization initialization) {
  const double convolution_gain = initialization == Initialization::kKaiming ? std::sqrt(6.0) : 1.0;
  torch::NoGradGuard no_grad;
  torch::Generator generator = MakeGenerator(torch::kCPU, seed);
  for (const auto& child : module.modules(/*include_self=*/false)) {
    if (auto* convolution = child->as<torch::nn::Conv1d>()) {
      DrawUniform(convolution_gain, convolution->weight, convolution->bias, generator);
    } else if (auto* linear = child->as<torch::nn::Linear>()) {
      DrawUniform(1, linear->weight, linear->bias, generator);
    }
  }
}

}  // namespace timbre::model
