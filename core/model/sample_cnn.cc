#include "core/model/sample_cnn.h"

#include <string>

namespace timbre::model {
namespace {

struct BlockShape {
  int64_t channels;
  int64_t kernel;
  bool pool;
  bool dropout;
};
constexpr BlockShape kBlocks[] = {
    {128, 3, false, false}, {128, 3, true, false}, {128, 3, true, false}, {256, 3, true, false},
    {256, 3, true, false},  {256, 3, true, true},  {256, 3, true, false}, {256, 3, true, false},
    {256, 3, true, false},  {512, 3, true, false}, {512, 1, false, true},
};
constexpr int64_t kFirstStride = 3;

}  // namespace

SampleCnn::SampleCnn(double dropout, int64_t channel_divisor) : dropout_(dropout) {
  int64_t in_channels = 1;
  for (const BlockShape& shape : kBlocks) {
    const bool first = blocks_.empty();
    const int64_t channels = shape.channels / channel_divisor;
    Block block;
    block.convolution = torch::nn::Conv1d(torch::nn::Conv1dOptions(in_channels, channels, shape.kernel)
                                              .stride(first ? kFirstStride : 1)
                                              .padding(first ? 0 : shape.kernel / 2));
    block.norm = torch::nn::BatchNorm1d(channels);
    block.pool = shape.pool;
    block.dropout = shape.dropout;
    blocks_.push_back(block);
    register_module("conv" + std::to_string(blocks_.size()),
                    torch::nn::Sequential(block.convolution, block.norm));
    in_channels = channels;
  }
  embedding_dim_ = in_channels;
}

torch::Tensor SampleCnn::forward(const torch::Tensor& windows) {
  TORCH_CHECK(windows.dim() == 3 && windows.size(1) == 1 && windows.size(2) == window_samples(),
              "SampleCNN takes windows of shape [N, 1, ", window_samples(), "], got ", windows.sizes());
  // One convolution of stride 3 and kernel 3 over one channel reads each sample once: a matrix product.
  const Block& first = blocks_.front();
  const int64_t frames = window_samples() / kFirstStride;
  const torch::Tensor& weight = first.convolution->weight;
  torch::Tensor x = torch::linear(windows.reshape({-1, kFirstStride}),
                                  weight.view({weight.size(0), kFirstStride}), first.convolution->bias);
  x = x.view({-1, 1, frames, weight.size(0)}).permute({0, 3, 1, 2});  // [N, C, 1, T], channels last
  // LibTorch adds the batch statistics of channels-last CPU tensors up naively in fp32. That drowns in bf16's
  // rounding, but magnified by eleven BatchNorms it costs fp32 training two digits (1 % of a gradient on
  // windows with long equal runs).
  if (is_training() && x.is_cpu() && x.scalar_type() == torch::kFloat) x = x.contiguous();

  for (Block& block : blocks_) {
    if (&block != &first) x = Convolve(block, x);
    x = Normalise(block, x);
    if (block.pool) x = torch::max_pool2d(x, {1, 3});
    x = torch::relu(x);  // commutes with max, and has a third of the work after it
    if (block.dropout) x = Drop(x);
  }
  return x.mean(torch::IntArrayRef{2, 3});
}

torch::Tensor SampleCnn::Convolve(const Block& block, const torch::Tensor& x) const {
  const torch::Tensor& weight = block.convolution->weight;
  return torch::conv2d(x, weight.unsqueeze(2), block.convolution->bias, /*stride=*/1,
                       /*padding=*/torch::IntArrayRef{0, weight.size(2) / 2});
}

torch::Tensor SampleCnn::Normalise(Block& block, const torch::Tensor& x) {
  auto& norm = *block.norm;
  if (is_training()) norm.num_batches_tracked += 1;
  return torch::batch_norm(x, norm.weight, norm.bias, norm.running_mean, norm.running_var, is_training(),
                           norm.options.momentum().value(), norm.options.eps(), /*cudnn_enabled=*/true);
}

torch::Tensor SampleCnn::Drop(const torch::Tensor& x) {
  if (!is_training() || dropout_ == 0) return x;
  const double keep = 1 - dropout_;
  return x * torch::empty_like(x).bernoulli_(keep, generator_).div_(keep);
}

std::vector<torch::Tensor> SampleCnn::DrawDropout(int64_t count) {
  std::vector<torch::Tensor> masks(blocks_.size());
  int64_t rows = window_samples() / kFirstStride;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    if (block.pool) rows /= 3;
    if (block.dropout && dropout_ > 0) {
      masks[i] = Drop(torch::ones({count, rows, block.norm->weight.size(0)}));
    }
  }
  return masks;
}

}  // namespace timbre::model
