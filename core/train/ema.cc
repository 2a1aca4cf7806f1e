#include "core/train/ema.h"

#include <vector>

namespace timbre::train {
namespace {

void MoveAll(const std::vector<torch::Tensor>& source, std::vector<torch::Tensor> copy, double decay) {
  TORCH_CHECK(source.size() == copy.size(), "a moving average needs two modules of one shape");
  for (size_t i = 0; i < source.size(); ++i) {
    if (decay > 0 && copy[i].is_floating_point()) {
      copy[i].lerp_(source[i], 1 - decay);
    } else {
      copy[i].copy_(source[i]);
    }
  }
}

}  // namespace

void MoveTowards(const torch::nn::Module& source, torch::nn::Module& copy, double decay) {
  torch::NoGradGuard no_grad;
  MoveAll(source.parameters(), copy.parameters(), decay);
  MoveAll(source.buffers(), copy.buffers(), decay);
}

}  // namespace timbre::train
