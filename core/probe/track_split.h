#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::probe {

// Indices of the clips of each part, ascending.
struct TrackSplit {
  std::vector<size_t> fit;
  std::vector<size_t> validation;
};

// Cuts round(validation_ratio * tracks) tracks, at least one and not all, off for validation: all clips of a
// track go the same way. Depends on the set of track ids, the ratio and the seed alone, not on the clips'
// order. Errors: kFailedPrecondition fewer than 2 tracks. Threads: safe.
absl::StatusOr<TrackSplit> SplitByTrack(std::span<const std::string> track_ids, double validation_ratio,
                                        uint64_t seed);

}  // namespace timbre::probe
