#include "core/probe/linear_head.h"

namespace timbre::probe {

std::vector<float> LinearHead::LogitsByTag(std::span<const float> features) const {
  const auto width = static_cast<size_t>(dim);
  const size_t count = features.size() / width;
  std::vector<float> logits(bias.size() * count);
  for (size_t i = 0; i < count; ++i) {
    const float* row = features.data() + i * width;
    for (size_t tag = 0; tag < bias.size(); ++tag) {
      const float* w = weight.data() + tag * width;
      double sum = bias[tag];
      for (size_t d = 0; d < width; ++d) sum += static_cast<double>(row[d]) * w[d];
      logits[tag * count + i] = static_cast<float>(sum);
    }
  }
  return logits;
}

}  // namespace timbre::probe
