#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Torch-free.
namespace timbre::probe {

// Clip embeddings with labels: the input of a probe.
struct LabeledEmbeddings {
  int64_t count = 0;
  int64_t dim = 0;
  std::vector<float> embeddings;       // [count, dim]
  std::vector<uint8_t> labels;         // [count, tags]
  std::vector<std::string> track_ids;  // [count]; splits and resamples go by track
  std::vector<std::string> paths;      // [count]; for people
};

// Errors: kInvalidArgument shapes that do not fit together, values that are not finite, labels beside 0 and 1
// · kFailedPrecondition no tags or clips, or no tag with both classes in test.
absl::Status CheckProbeInput(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                             const std::vector<std::string>& tags);

// The clips of `rows`, in that order.
LabeledEmbeddings SelectClips(const LabeledEmbeddings& set, const std::vector<size_t>& rows);

// [tags]
std::vector<int64_t> CountPositives(const LabeledEmbeddings& set, size_t tags);

// [count, tags] -> [tags, count], so that one tag's labels lie together.
std::vector<uint8_t> LabelsByTag(const LabeledEmbeddings& set);

// The train set cut by track.
struct FitAndValidation {
  LabeledEmbeddings fit;
  LabeledEmbeddings validation;
};

// Errors: as SplitByTrack.
absl::StatusOr<FitAndValidation> CutValidation(const LabeledEmbeddings& train, double validation_ratio,
                                               uint64_t seed);

}  // namespace timbre::probe
