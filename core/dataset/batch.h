#pragma once

#include <cstdint>

#include "core/dataset/batch_memory.h"

namespace timbre::dataset {

// The input of one training step.
struct ViewBatch {
  int64_t step = 0;
  int64_t tracks = 0;          // N
  int views = 0;               // M
  int64_t window_samples = 0;  // T
  BatchSamples samples;        // [M, N, T], row-major: view 0 of all tracks, then view 1, ...
};

}  // namespace timbre::dataset
