#include "core/probe/head_module.h"

#include <cmath>

#include "core/base/random.h"
#include "core/probe/metrics.h"

namespace timbre::probe {
namespace {

constexpr uint64_t kWeightStream = 4;

std::vector<float> ToVector(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().to(torch::kFloat32).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

// U(-1/sqrt(inputs), 1/sqrt(inputs)): PyTorch's start of a linear layer.
torch::Tensor Uniform(const std::vector<int64_t>& shape, int64_t inputs, base::Random& random) {
  torch::Tensor tensor = torch::empty(shape, torch::kFloat64);
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  double* values = tensor.data_ptr<double>();
  for (int64_t i = 0; i < tensor.numel(); ++i) values[i] = random.Uniform(-bound, bound);
  return tensor;
}

}  // namespace

HeadModule::HeadModule(const ProbeConfig& config, int64_t dim, int64_t tags, torch::ScalarType type) {
  const auto add = [&](const torch::Tensor& values) {
    parameters_.push_back(values.to(type).requires_grad_());
  };
  if (!config.mlp.has_value()) {
    add(torch::zeros({tags, dim}));
    add(torch::zeros({tags}));
    return;
  }
  base::Random random({config.seed, kWeightStream});
  const int64_t hidden = config.mlp->hidden_units;
  add(Uniform({hidden, dim}, dim, random));
  add(Uniform({hidden}, dim, random));
  add(Uniform({tags, hidden}, hidden, random));
  add(Uniform({tags}, hidden, random));
}

torch::Tensor HeadModule::Logits(const torch::Tensor& x, const torch::Tensor& mask) const {
  torch::Tensor values = torch::addmm(parameters_[1], x, parameters_[0].t());
  if (parameters_.size() == 2) return values;
  values = torch::relu(values);
  if (mask.defined()) values = values * mask;
  return torch::addmm(parameters_[3], values, parameters_[2].t());
}

torch::Tensor HeadModule::SquaredWeights() const {
  torch::Tensor sum = parameters_[0].square().sum();
  if (parameters_.size() > 2) sum = sum + parameters_[2].square().sum();
  return sum;
}

weights::TagHead HeadModule::Export() const {
  weights::TagHead head;
  for (size_t i = 0; i < parameters_.size(); i += 2) {
    head.layers.push_back({ToVector(parameters_[i]), ToVector(parameters_[i + 1])});
  }
  return head;
}

ClipTensors::ClipTensors(const LabeledFeatures& clips, const HeadFitInput& input, torch::ScalarType type) {
  const auto count = static_cast<int64_t>(clips.labels.size()) / input.tags;
  auto* features = const_cast<float*>(clips.features.data());
  auto* labels = const_cast<uint8_t*>(clips.labels.data());
  x_ = torch::from_blob(features, {count, input.dim}, torch::kFloat32).clone().to(type);
  const torch::Tensor y = torch::from_blob(labels, {count, input.tags}, torch::kUInt8);
  y_ = y.to(type);
  const torch::Tensor by_tag = y.t().contiguous();
  labels_by_tag_ = {by_tag.data_ptr<uint8_t>(), by_tag.data_ptr<uint8_t>() + by_tag.numel()};
}

ValidationScore ClipTensors::Score(const HeadModule& head) const {
  const torch::NoGradGuard no_grad;
  const torch::Tensor logits = head.Logits(x_);
  ValidationScore score;
  score.loss = torch::binary_cross_entropy_with_logits(logits, y_).item<double>();
  score.mean_average_precision =
      MeanAveragePrecision(labels_by_tag_, ToVector(logits.t()), static_cast<size_t>(x_.size(0)));
  return score;
}

}  // namespace timbre::probe
