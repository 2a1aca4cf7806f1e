#pragma once

#include <torch/torch.h>

#include "core/model/encoder_module.h"

namespace timbre::model {

// SampleCNN 3^9 (Lee et al. 2017; the CLMR and tutorial variant): 11 blocks of Conv1d -> BatchNorm -> ReLU [-> MaxPool 3] [-> Dropout].
// The last block has kernel 1: at one frame that is the same function as the kernel 3 of the tutorial, whose outer taps only ever
// meet padding (see ARCHITECTURE.md). 1,844,224 + ... parameters; 77 tensors named conv{1..11}.{0,1}.*.
// Shapes: [N, 1, 59049] -> [N, 512].
class SampleCnn final : public EncoderModule {
 public:
  explicit SampleCnn(double dropout);
  torch::Tensor forward(const torch::Tensor& windows) override;
  int64_t embedding_dim() const override { return 512; }
  int64_t window_samples() const override { return 59049; }

 private:
  std::vector<torch::nn::Sequential> blocks_;
};

}  // namespace timbre::model
