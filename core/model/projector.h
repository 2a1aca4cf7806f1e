#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/weights/tensor_file.h"

namespace timbre::model {

// The network between embedding and loss. Each layer is Linear [-> BatchNorm] -> ReLU, the last one Linear
// alone. SimCLR's and CLMR's: 512 -> 512 -> 64 without bias and BatchNorm; VICReg's and Barlow Twins': three
// layers with BatchNorm.
struct ProjectorOptions {
  int64_t in_dim = 512;
  int64_t hidden_dim = 512;
  int64_t out_dim = 64;
  int64_t layers = 2;       // >= 1; one is in_dim -> out_dim
  bool bias = false;        // of the Linear layers
  bool batch_norm = false;  // in all layers but the last
  uint64_t seed = 0;        // of the weights
};

// Tensors are named by their place in the chain ("0.weight", "2.weight" without BatchNorm), as checkpoints of
// the field do. Threads: one forward at a time in train mode.
class ProjectorImpl : public torch::nn::Module {
 public:
  explicit ProjectorImpl(const ProjectorOptions& options);

  // Shapes: [N, in_dim] -> [N, out_dim].
  torch::Tensor forward(const torch::Tensor& embeddings);

  // The output of layer `layer` (1 .. layers), its ReLU included: [N, hidden_dim], or [N, out_dim] of the
  // last. Throws for another layer.
  torch::Tensor ForwardTo(int64_t layer, const torch::Tensor& embeddings);

 private:
  struct Layer {
    torch::nn::Linear linear{nullptr};
    torch::nn::BatchNorm1d norm{nullptr};  // empty without
    bool rectified = false;
  };
  std::vector<Layer> layers_;
};
TORCH_MODULE(Projector);

// The shape that published tensors are of (seed: 0), and the projector with them.
// Errors: kInvalidArgument tensors that no projector has.
absl::StatusOr<ProjectorOptions> ProjectorOptionsOf(const weights::TensorMap& tensors);
absl::StatusOr<Projector> ProjectorOf(const weights::TensorMap& tensors);

}  // namespace timbre::model
