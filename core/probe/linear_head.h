#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace timbre::probe {

// logits = features . weight^T + bias
struct LinearHead {
  int64_t dim = 0;
  std::vector<float> weight;  // [tags, dim]
  std::vector<float> bias;    // [tags]

  int64_t tags() const { return static_cast<int64_t>(bias.size()); }

  // features [count, dim] -> float32 logits [tags, count], so that one tag's scores lie together. Sums in
  // double: a folded standardisation has large weights that cancel.
  std::vector<float> LogitsByTag(std::span<const float> features) const;
};

}  // namespace timbre::probe
