#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/weights/tag_head.h"

namespace timbre::probe {

// x -> (x - mean) / deviation for each dimension, in double: an untrained encoder's embeddings differ by
// about 1e-5 of their size only. A dimension whose deviation is no more than rounding noise (1e-7 of its
// mean), such as a dead unit's, becomes 0. Threads: safe (const after Fit).
class FeatureScaler {
 public:
  // Mean and deviation over the rows of features [count, dim]; count >= 1.
  static FeatureScaler Fit(std::span<const float> features, int64_t dim);

  // [count, dim] -> [count, dim]
  std::vector<float> Apply(std::span<const float> features) const;

  // The layer that gives for raw features what `layer` gives for scaled ones.
  weights::DenseLayer Fold(const weights::DenseLayer& layer) const;

 private:
  std::vector<double> mean_;
  std::vector<double> scale_;  // 1 / deviation, or 0
};

}  // namespace timbre::probe
