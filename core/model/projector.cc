#include "core/model/encoder_module.h"
#include "core/model/seeding.h"

namespace timbre::model {

ProjectorImpl::ProjectorImpl(const ProjectorOptions& options)
    : layers_(
          torch::nn::Linear(torch::nn::LinearOptions(options.in_dim, options.hidden_dim).bias(options.bias)),
          torch::nn::ReLU(),
          torch::nn::Linear(
              torch::nn::LinearOptions(options.hidden_dim, options.out_dim).bias(options.bias))) {
  // Registered one by one: checkpoints of the field call them "0.weight" and "2.weight".
  register_module("0", layers_->ptr(0));
  register_module("2", layers_->ptr(2));
  DrawWeights(options.seed, *this);
}

torch::Tensor ProjectorImpl::forward(const torch::Tensor& embeddings) { return layers_->forward(embeddings); }

}  // namespace timbre::model
