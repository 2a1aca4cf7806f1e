#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/architecture.h"
#include "core/weights/tensor_file.h"

namespace timbre::model {

// An encoder that can be trained: mono windows -> embeddings.
// Shapes: [N, 1, T] float -> [N, embedding_dim]. Threads: one forward at a time in train mode.
class EncoderModule : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& windows) = 0;
  virtual int64_t embedding_dim() const = 0;
  virtual int64_t window_samples() const = 0;

  // Where dropout draws its numbers from in train mode; must be of the device of the weights. LibTorch's
  // global generator until this is called.
  virtual void set_generator(torch::Generator generator) = 0;

  // For a forward pass in train mode that is computed elsewhere: dropout's factors (0, or 1 / keep) for each
  // block conv{1..n}, [count, rows, channels], undefined where a block drops nothing, drawn as forward would
  // draw some. Empty: this encoder is no chain of such blocks.
  virtual std::vector<torch::Tensor> DrawDropout(int64_t count) {
    (void)count;
    return {};
  }
};

struct EncoderOptions {
  std::string architecture = "sample_cnn";
  double dropout = 0.5;  // after blocks 6 and 11 in sample_cnn (preset `tutorial`); 0 in preset `clmr`
  uint64_t seed = 0;     // of the weights: same seed, same weights, whatever else draws random numbers
  Initialization initialization = Initialization::kPytorch;
};

// Makes an untrained encoder by the name of its architecture, on the CPU, in train mode. Errors:
// kInvalidArgument unknown architecture (lists the known ones), dropout outside [0, 1).
absl::StatusOr<std::shared_ptr<EncoderModule>> MakeEncoder(const EncoderOptions& options);

// Parameters and buffers (not num_batches_tracked) as fp32 tensors on the CPU, named as the module names
// them.
weights::TensorMap ExportTensors(const torch::nn::Module& module);

// Copies tensors into the module. All names and shapes must fit, with one exception: of a convolution weight
// [out, in, 3] that meets a kernel of 1 (block 11 of the tutorial's and CLMR's checkpoints) the centre tap is
// taken. On an error the module is as before. Errors: kInvalidArgument missing, unknown or misshapen tensors,
// by name.
absl::Status ImportTensors(const weights::TensorMap& tensors, torch::nn::Module& module);

}  // namespace timbre::model
