#pragma once

#include <torch/torch.h>

namespace timbre::loss {

struct PredictorOptions {
  int64_t dim = 64;  // in and out
  int64_t hidden_dim = 512;
  bool hidden_bias = true;
  uint64_t seed = 0;  // of the weights: same seed, same weights
};

// The head of BYOL and SimSiam that predicts one view's projection from the other's: dim -> hidden ->
// BatchNorm -> ReLU -> dim. Shapes: [N, dim] -> [N, dim].
class PredictorImpl : public torch::nn::Module {
 public:
  explicit PredictorImpl(const PredictorOptions& options);
  torch::Tensor forward(const torch::Tensor& projections);

 private:
  torch::nn::Linear hidden_;
  torch::nn::BatchNorm1d norm_;
  torch::nn::Linear out_;
};
TORCH_MODULE(Predictor);

// [2]: the mean over clips of cos(predictor(view 0), target 1) and of cos(predictor(view 1), target 0).
// No gradient flows into the target. Shapes: views and target [2, N, dim].
torch::Tensor CrossPrediction(Predictor& predictor, const torch::Tensor& views, const torch::Tensor& target);

}  // namespace timbre::loss
