#include <cmath>

#include "core/registry/model_registry.h"

namespace timbre::registry {

std::vector<float> LoadedTagger::Score(std::span<const float> embedding) const {
  std::vector<float> scores(bias.size());
  for (size_t tag = 0; tag < scores.size(); ++tag) {
    const float* row = weight.data() + tag * embedding.size();
    double sum = bias[tag];
    for (size_t d = 0; d < embedding.size(); ++d) sum += static_cast<double>(row[d]) * embedding[d];
    scores[tag] = static_cast<float>(1 / (1 + std::exp(-sum)));
  }
  return scores;
}

}  // namespace timbre::registry
