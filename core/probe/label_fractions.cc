#include "core/probe/label_fractions.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "core/probe/head_probe.h"
#include "core/probe/shuffle.h"

namespace timbre::probe {
namespace {

constexpr uint64_t kFractionStream = 7;

int64_t CountTracks(const LabeledEmbeddings& set) {
  return static_cast<int64_t>(std::set<std::string>(set.track_ids.begin(), set.track_ids.end()).size());
}

}  // namespace

std::vector<size_t> ClipsOfFraction(std::span<const std::string> track_ids, double fraction, uint64_t seed) {
  const std::set<std::string> unique(track_ids.begin(), track_ids.end());
  std::vector<std::string> tracks(unique.begin(), unique.end());
  base::Random random({seed, kFractionStream});
  Shuffle(tracks, random);
  const auto wanted = static_cast<size_t>(std::llround(fraction * static_cast<double>(tracks.size())));
  tracks.resize(std::min(tracks.size(), std::max<size_t>(wanted, 2)));
  const std::set<std::string> chosen(tracks.begin(), tracks.end());
  std::vector<size_t> clips;
  for (size_t i = 0; i < track_ids.size(); ++i) {
    if (chosen.contains(track_ids[i])) clips.push_back(i);
  }
  return clips;
}

absl::StatusOr<std::vector<LabelFraction>> RunLabelFractions(
    const LabeledEmbeddings& train, const LabeledEmbeddings& test, const std::vector<std::string>& tags,
    const ProbeConfig& config, const base::CancelToken& cancel,
    const std::function<void(int64_t, int64_t)>& on_done) {
  std::vector<double> fractions = config.label_fractions;
  std::sort(fractions.begin(), fractions.end());
  std::vector<LabelFraction> results;
  for (const double fraction : fractions) {
    const LabeledEmbeddings part =
        SelectClips(train, ClipsOfFraction(train.track_ids, fraction, config.seed));
    LabelFraction entry;
    entry.fraction = fraction;
    entry.tracks = CountTracks(part);
    TIMBRE_ASSIGN_OR_RETURN(entry.result, RunHeadProbe(part, test, tags, config, cancel, nullptr));
    results.push_back(std::move(entry));
    if (on_done) on_done(static_cast<int64_t>(results.size()), static_cast<int64_t>(fractions.size()));
  }
  return results;
}

}  // namespace timbre::probe
