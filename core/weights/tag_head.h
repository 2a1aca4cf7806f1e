#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "core/weights/tensor_file.h"

namespace timbre::weights {

// A fully connected layer: output = weight . input + bias.
struct DenseLayer {
  std::vector<float> weight;  // [outputs, inputs]
  std::vector<float> bias;    // [outputs]

  int64_t outputs() const { return static_cast<int64_t>(bias.size()); }
  int64_t inputs() const { return static_cast<int64_t>(weight.size() / bias.size()); }
};

// What makes tags of embeddings: layers with ReLU between them, and a threshold per tag. A probe fits it, a
// tagger's file keeps it, Tag applies it: the same arithmetic in all three. Threads: safe (const).
struct TagHead {
  bool l2_normalize = false;       // divide the embedding by its L2 norm first
  std::vector<DenseLayer> layers;  // at least one; the last one's outputs are the logits
  std::vector<float> thresholds;   // [tags]: predicted from this probability on

  int64_t dim() const { return layers.front().inputs(); }
  int64_t tags() const { return layers.back().outputs(); }

  // features [count, dim] -> float32 logits [tags, count], so that one tag's lie together. Sums in double: a
  // folded standardisation has large weights that cancel.
  std::vector<float> LogitsByTag(std::span<const float> features) const;

  // embedding [dim] -> probabilities [tags].
  std::vector<float> Score(std::span<const float> embedding) const;
};

// Sigmoid of a logit, as Score rounds it.
float ToProbability(float logit);

// A head's tensors: "weight" [tags, dim] and "bias" [tags] with one layer, "layer.0.weight", "layer.0.bias",
// "layer.1.weight", ... with several; "threshold" [tags]; and "l2_normalize" [1], present only where it is
// on.
TensorMap TagHeadToTensors(const TagHead& head);

// Without "threshold" all thresholds are 0.5. Errors: kInvalidArgument a tensor that is missing, unknown or
// of another shape than `tags`, `dim` and its neighbours want.
absl::StatusOr<TagHead> TagHeadFromTensors(const TensorMap& tensors, int64_t tags, int64_t dim);

}  // namespace timbre::weights
