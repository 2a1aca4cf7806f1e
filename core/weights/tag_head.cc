#include "core/weights/tag_head.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace timbre::weights {
namespace {

constexpr float kDefaultThreshold = 0.5F;
constexpr int64_t kAny = -1;

std::string ShapeText(const std::vector<int64_t>& shape) {
  const auto append = [](std::string* out, int64_t size) {
    size == kAny ? absl::StrAppend(out, "any") : absl::StrAppend(out, size);
  };
  return absl::StrCat("[", absl::StrJoin(shape, ", ", append), "]");
}

std::string LayerName(size_t layer, size_t layers, const char* part) {
  return layers == 1 ? part : absl::StrCat("layer.", layer, ".", part);
}

std::vector<double> Apply(const DenseLayer& layer, const std::vector<double>& input) {
  std::vector<double> output(layer.bias.size());
  for (size_t o = 0; o < output.size(); ++o) {
    const float* row = layer.weight.data() + o * input.size();
    double sum = layer.bias[o];
    for (size_t i = 0; i < input.size(); ++i) sum += static_cast<double>(row[i]) * input[i];
    output[o] = sum;
  }
  return output;
}

std::vector<double> Logits(const TagHead& head, std::span<const float> embedding) {
  std::vector<double> values(embedding.begin(), embedding.end());
  if (head.l2_normalize) {
    double squares = 0;
    for (const double value : values) squares += value * value;
    const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    for (double& value : values) value *= scale;
  }
  for (size_t i = 0; i < head.layers.size(); ++i) {
    if (i > 0) {
      for (double& value : values) value = std::max(value, 0.0);
    }
    values = Apply(head.layers[i], values);
  }
  return values;
}

// Takes tensors out of a head's map, and knows afterwards which nobody asked for.
class HeadReader {
 public:
  explicit HeadReader(const TensorMap& tensors) : tensors_(tensors) {}

  bool Has(const std::string& name) const { return tensors_.contains(name); }

  // A dimension of kAny may be any.
  absl::StatusOr<const Tensor*> Take(const std::string& name, const std::vector<int64_t>& shape) {
    const std::string wanted = ShapeText(shape);
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("a tagger's head has no tensor '", name, "' ", wanted));
    }
    taken_.insert(name);
    const Tensor& tensor = found->second;
    const bool fits = std::equal(tensor.shape.begin(), tensor.shape.end(), shape.begin(), shape.end(),
                                 [](int64_t is, int64_t want) { return want == kAny ? is > 0 : is == want; });
    if (fits) return &tensor;
    return absl::InvalidArgumentError(absl::StrCat("a tagger's tensor '", name, "' has the shape ",
                                                   ShapeText(tensor.shape), ", wanted is ", wanted));
  }

  absl::Status CheckAllTaken() const {
    for (const auto& [name, tensor] : tensors_) {
      if (!taken_.contains(name)) {
        return absl::InvalidArgumentError(absl::StrCat("a tagger's head has an unknown tensor '", name, "'"));
      }
    }
    return absl::OkStatus();
  }

 private:
  const TensorMap& tensors_;
  std::set<std::string> taken_;
};

}  // namespace

float ToProbability(float logit) {
  return static_cast<float>(1 / (1 + std::exp(-static_cast<double>(logit))));
}

std::vector<float> TagHead::LogitsByTag(std::span<const float> features) const {
  const auto width = static_cast<size_t>(dim());
  const size_t count = features.size() / width;
  std::vector<float> by_tag(static_cast<size_t>(tags()) * count);
  for (size_t i = 0; i < count; ++i) {
    const std::vector<double> logits = Logits(*this, features.subspan(i * width, width));
    for (size_t tag = 0; tag < logits.size(); ++tag) {
      by_tag[tag * count + i] = static_cast<float>(logits[tag]);
    }
  }
  return by_tag;
}

std::vector<float> TagHead::Score(std::span<const float> embedding) const {
  const std::vector<double> logits = Logits(*this, embedding);
  std::vector<float> scores(logits.size());
  std::transform(logits.begin(), logits.end(), scores.begin(),
                 [](double logit) { return ToProbability(static_cast<float>(logit)); });
  return scores;
}

TensorMap TagHeadToTensors(const TagHead& head) {
  TensorMap tensors;
  for (size_t i = 0; i < head.layers.size(); ++i) {
    const DenseLayer& layer = head.layers[i];
    tensors[LayerName(i, head.layers.size(), "weight")] = {{layer.outputs(), layer.inputs()}, layer.weight};
    tensors[LayerName(i, head.layers.size(), "bias")] = {{layer.outputs()}, layer.bias};
  }
  tensors["threshold"] = {{head.tags()}, head.thresholds};
  if (head.l2_normalize) tensors["l2_normalize"] = {{1}, {1.0F}};
  return tensors;
}

absl::StatusOr<TagHead> TagHeadFromTensors(const TensorMap& tensors, int64_t tags, int64_t dim) {
  HeadReader reader(tensors);
  size_t layers = 0;
  while (reader.Has(absl::StrCat("layer.", layers, ".weight"))) ++layers;
  layers = std::max<size_t>(layers, 1);
  TagHead head;
  int64_t inputs = dim;
  for (size_t i = 0; i < layers; ++i) {
    const int64_t outputs = i + 1 == layers ? tags : kAny;
    TIMBRE_ASSIGN_OR_RETURN(const Tensor* weight,
                            reader.Take(LayerName(i, layers, "weight"), {outputs, inputs}));
    inputs = weight->shape[0];
    TIMBRE_ASSIGN_OR_RETURN(const Tensor* bias, reader.Take(LayerName(i, layers, "bias"), {inputs}));
    head.layers.push_back({weight->values, bias->values});
  }
  head.thresholds.assign(static_cast<size_t>(tags), kDefaultThreshold);
  if (reader.Has("threshold")) {
    TIMBRE_ASSIGN_OR_RETURN(const Tensor* threshold, reader.Take("threshold", {tags}));
    head.thresholds = threshold->values;
  }
  if (reader.Has("l2_normalize")) {
    TIMBRE_ASSIGN_OR_RETURN(const Tensor* flag, reader.Take("l2_normalize", {1}));
    head.l2_normalize = flag->values[0] != 0;
  }
  TIMBRE_RETURN_IF_ERROR(reader.CheckAllTaken());
  return head;
}

}  // namespace timbre::weights
