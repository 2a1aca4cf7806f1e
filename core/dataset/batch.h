#pragma once

#include <cstdint>
#include <vector>

namespace timbre::dataset {

// The input of one training step.
struct ViewBatch {
  int64_t step = 0;
  int64_t tracks = 0;          // N
  int views = 0;               // M
  int64_t window_samples = 0;  // T
  std::vector<float> samples;  // [M, N, T], row-major: view 0 of all tracks, then view 1, ...
};

}  // namespace timbre::dataset
