#pragma once

#include <cstdint>

#include "core/dataset/batch_memory.h"

namespace timbre::dataset {

// What one item of a batch is: a track, of which each view may be cut from another clip, or a clip, of whose
// track other clips may be in the batch.
enum class BatchUnit { kTrack, kClip };

// Augmented views of a batch of tracks, or of clips.
struct ViewBatch {
  int64_t step = 0;                  // the batch's number, from 0
  int64_t tracks = 0;                // N: items
  int views = 0;                     // M
  int64_t window_samples = 0;        // T
  BatchSamples samples;              // [M, N, T], row-major: view 0 of all items, then view 1, ...
  std::vector<int64_t> groups = {};  // [N]: the track of each item; equal only in batches of clips
};

}  // namespace timbre::dataset
