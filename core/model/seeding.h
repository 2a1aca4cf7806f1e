#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace timbre::model {

// A random generator of its own for a device: what others draw (another job, a probe) does not disturb it.
torch::Generator MakeGenerator(torch::Device device, uint64_t seed);

// Draws all weights and biases of the Conv1d and Linear layers in a module anew by PyTorch's default,
// U(+-1/sqrt(fan_in)), in the order in which the module names them: same seed, same weights, whatever
// LibTorch's global generator does. Weights on the CPU only.
void DrawWeights(uint64_t seed, torch::nn::Module& module);

}  // namespace timbre::model
