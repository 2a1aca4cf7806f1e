#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/probe/feature_scaler.h"
#include "core/probe/probe_config.h"
#include "core/weights/tag_head.h"

// Torch-free.
namespace timbre::probe {

// Embeddings -> what a head sees of them. Threads: safe (const after Fit).
class FeatureTransform {
 public:
  // Means and deviations are those of the rows of embeddings [count, dim]; count >= 1.
  static FeatureTransform Fit(Features kind, std::span<const float> embeddings, int64_t dim);

  // [count, dim] -> [count, dim]
  std::vector<float> Apply(std::span<const float> embeddings) const;

  // The head that gives for embeddings what `head` gives for features.
  weights::TagHead Fold(weights::TagHead head) const;

 private:
  Features kind_ = Features::kRaw;
  int64_t dim_ = 0;
  FeatureScaler scaler_;  // of kStandardized
};

// Each row divided by its L2 norm; a row of zeros stays. [count, dim] -> [count, dim]
std::vector<float> L2Normalized(std::span<const float> rows, int64_t dim);

// The kinds that compete on validation: the configured one, or raw and standardised.
std::vector<Features> Candidates(const ProbeConfig& config);

}  // namespace timbre::probe
