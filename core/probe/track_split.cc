#include "core/probe/track_split.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/probe/shuffle.h"

namespace timbre::probe {
namespace {

constexpr uint64_t kSplitStream = 1;

}  // namespace

absl::StatusOr<TrackSplit> SplitByTrack(std::span<const std::string> track_ids, double validation_ratio,
                                        uint64_t seed) {
  const std::set<std::string> unique(track_ids.begin(), track_ids.end());
  if (unique.size() < 2) {
    return absl::FailedPreconditionError(
        absl::StrCat("the probe's train set has ", unique.size(),
                     " track(s); at least 2 are needed, for a validation part is cut off by track"));
  }
  std::vector<std::string> tracks(unique.begin(), unique.end());
  base::Random random({seed, kSplitStream});
  Shuffle(tracks, random);
  const auto count = static_cast<int64_t>(tracks.size());
  const int64_t wanted = std::llround(validation_ratio * static_cast<double>(count));
  const int64_t held_out = std::clamp<int64_t>(wanted, 1, count - 1);
  const std::set<std::string> validation(tracks.begin(), tracks.begin() + held_out);

  TrackSplit split;
  for (size_t i = 0; i < track_ids.size(); ++i) {
    (validation.contains(track_ids[i]) ? split.validation : split.fit).push_back(i);
  }
  return split;
}

}  // namespace timbre::probe
