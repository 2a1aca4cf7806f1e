#pragma once

#include <torch/torch.h>

namespace timbre::train {

// The exponential moving average of a module's weights: copy = decay * copy + (1 - decay) * source, over
// parameters and BatchNorm's running statistics; counters are copied. Decay 0 makes a copy. Both modules are
// of one shape. Throws what LibTorch throws.
void MoveTowards(const torch::nn::Module& source, torch::nn::Module& copy, double decay);

}  // namespace timbre::train
