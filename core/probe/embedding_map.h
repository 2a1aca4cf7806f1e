#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/probe/labeled_embeddings.h"

// Torch-free header.
namespace timbre::probe {

struct MapPoint {
  size_t clip = 0;  // row of the embeddings
  float x = 0, y = 0;
};

// Embeddings on their two principal components. A component's largest coefficient is positive, so that a map
// is not mirrored by chance.
struct EmbeddingMap {
  std::array<double, 2> explained_variance_ratios = {0, 0};  // of x and y; 0 where nothing varies
  std::vector<MapPoint> points;                              // in the clips' order
};

// Components of all embeddings; at most `max_points` points, an even choice that depends on the seed. In
// double. Errors: kInternal LibTorch. Threads: safe.
absl::StatusOr<EmbeddingMap> MapEmbeddings(const LabeledEmbeddings& set, int64_t max_points, uint64_t seed);

}  // namespace timbre::probe
