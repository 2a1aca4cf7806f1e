#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "core/model/architecture.h"

namespace timbre::model {

// A random generator of its own for a device: what others draw (another job, a probe) does not disturb it.
torch::Generator MakeGenerator(torch::Device device, uint64_t seed);

// Draws all weights and biases of the Conv1d and Linear layers in a module anew, in the order in which the
// module names them: same seed, same weights, whatever LibTorch's global generator does. `initialization`
// says from which range the weights of convolutions come; all else is PyTorch's default. Weights on the CPU
// only.
void DrawWeights(uint64_t seed, torch::nn::Module& module,
                 Initialization initialization = Initialization::kPytorch);

}  // namespace timbre::model
