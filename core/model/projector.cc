#include "core/model/projector.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/model/encoder_module.h"
#include "core/model/seeding.h"
#include "core/model/torch_guard.h"
#include "core/weights/embedding_layer.h"

namespace timbre::model {

ProjectorImpl::ProjectorImpl(const ProjectorOptions& options) {
  int64_t place = 0;  // in the chain, as torch::nn::Sequential would count
  for (int64_t i = 1; i <= options.layers; ++i) {
    const bool last = i == options.layers;
    const int64_t in = i == 1 ? options.in_dim : options.hidden_dim;
    const int64_t out = last ? options.out_dim : options.hidden_dim;
    Layer layer;
    layer.rectified = !last;
    layer.linear = register_module(std::to_string(place++),
                                   torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(options.bias)));
    if (!last && options.batch_norm)
      layer.norm = register_module(std::to_string(place++), torch::nn::BatchNorm1d(out));
    if (!last) ++place;  // the ReLU
    layers_.push_back(layer);
  }
  DrawWeights(options.seed, *this);
}

torch::Tensor ProjectorImpl::forward(const torch::Tensor& embeddings) {
  return ForwardTo(static_cast<int64_t>(layers_.size()), embeddings);
}

torch::Tensor ProjectorImpl::ForwardTo(int64_t layer, const torch::Tensor& embeddings) {
  TORCH_CHECK(layer >= 1 && layer <= static_cast<int64_t>(layers_.size()), "the projector has ",
              layers_.size(), " layers, asked for layer ", layer);
  torch::Tensor x = embeddings;
  for (int64_t i = 0; i < layer; ++i) {
    Layer& current = layers_[static_cast<size_t>(i)];
    x = current.linear->forward(x);
    if (!current.norm.is_empty()) x = current.norm->forward(x);
    if (current.rectified) x = torch::relu(x);
  }
  return x;
}

absl::StatusOr<ProjectorOptions> ProjectorOptionsOf(const weights::TensorMap& tensors) {
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<int64_t> dims, weights::ProjectorDims(tensors));
  ProjectorOptions options;
  options.layers = static_cast<int64_t>(dims.size()) - 1;
  options.in_dim = dims.front();
  options.hidden_dim = dims[1];
  options.out_dim = dims.back();
  options.bias = tensors.contains("0.bias");
  options.batch_norm = tensors.contains("1.running_mean");
  return options;
}

absl::StatusOr<Projector> ProjectorOf(const weights::TensorMap& tensors) {
  TIMBRE_ASSIGN_OR_RETURN(const ProjectorOptions options, ProjectorOptionsOf(tensors));
  Projector projector{nullptr};
  TIMBRE_RETURN_IF_ERROR(TorchGuard("making a projector", [&] {
    projector = Projector(options);
    return absl::OkStatus();
  }));
  const absl::Status imported = ImportTensors(tensors, *projector);
  if (imported.ok()) return projector;
  return absl::Status(imported.code(), absl::StrCat("projector: ", imported.message()));
}

}  // namespace timbre::model
