#include "core/probe/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/random.h"
#include "core/base/status_macros.h"

namespace timbre::probe {
namespace {

constexpr uint64_t kResampleStream = 3;

struct Scores {
  double average_precision = kNotDefined;
  double roc_auc = kNotDefined;
};

// One tag's clips in falling order of their scores, sorted once for all resamples.
struct RankedTag {
  struct Item {
    uint32_t clip;
    bool positive;
    bool last_of_tie;
  };
  std::vector<Item> items;

  RankedTag(std::span<const uint8_t> labels, std::span<const float> scores) {
    std::vector<uint32_t> order(labels.size());
    std::iota(order.begin(), order.end(), uint32_t{0});
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
    items.reserve(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
      const bool last = i + 1 == order.size() || scores[order[i]] != scores[order[i + 1]];
      items.push_back({order[i], labels[order[i]] != 0, last});
    }
  }

  // As metrics.h of the clips, each as often as `times` says.
  Scores Score(const std::vector<uint32_t>& times) const {
    int64_t hits = 0, misses = 0;          // so far
    int64_t tie_hits = 0, tie_misses = 0;  // of this tie
    double precision = 0, losses = 0;
    for (const Item& item : items) {
      (item.positive ? tie_hits : tie_misses) += times[item.clip];
      if (!item.last_of_tie || tie_hits + tie_misses == 0) continue;
      const auto p = static_cast<double>(tie_hits);
      losses += p * (static_cast<double>(misses) + static_cast<double>(tie_misses) / 2);
      hits += tie_hits;
      misses += tie_misses;
      precision += p * static_cast<double>(hits) / static_cast<double>(hits + misses);
      tie_hits = tie_misses = 0;
    }
    if (hits == 0 || misses == 0) return {};
    const auto positives = static_cast<double>(hits);
    return {precision / positives, 1 - losses / (positives * static_cast<double>(misses))};
  }
};

std::vector<std::vector<uint32_t>> ClipsOfTracks(std::span<const std::string> track_ids) {
  std::map<std::string, std::vector<uint32_t>> by_track;
  for (size_t i = 0; i < track_ids.size(); ++i) by_track[track_ids[i]].push_back(static_cast<uint32_t>(i));
  std::vector<std::vector<uint32_t>> tracks;
  tracks.reserve(by_track.size());
  for (auto& [id, clips] : by_track) tracks.push_back(std::move(clips));
  return tracks;
}

// How often each clip is in a resample.
std::vector<uint32_t> Draw(const std::vector<std::vector<uint32_t>>& tracks, size_t clips,
                           base::Random random) {
  std::vector<uint32_t> times(clips, 0);
  const auto last = static_cast<int64_t>(tracks.size()) - 1;
  for (size_t i = 0; i < tracks.size(); ++i) {
    for (const uint32_t clip : tracks[static_cast<size_t>(random.UniformInt(0, last))]) ++times[clip];
  }
  return times;
}

// The figures of one score over the resamples.
struct Samples {
  std::vector<double> values;

  void Add(double value) {
    if (!std::isnan(value)) values.push_back(value);
  }
  Interval Middle(double confidence) {
    std::sort(values.begin(), values.end());
    const double tail = (1 - confidence) / 2;
    return {Quantile(values, tail), Quantile(values, 1 - tail)};
  }
};

struct Mean {
  double sum = 0;
  int64_t count = 0;

  void Add(double value) {
    if (std::isnan(value)) return;
    sum += value;
    ++count;
  }
  double Value() const { return count > 0 ? sum / static_cast<double>(count) : kNotDefined; }
};

}  // namespace

double Quantile(std::span<const double> sorted, double quantile) {
  if (sorted.empty()) return kNotDefined;
  const double position = quantile * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

absl::StatusOr<BootstrapIntervals> Bootstrap(const BootstrapInput& input, const BootstrapConfig& config,
                                             const base::CancelToken& cancel) {
  const size_t clips = input.track_ids.size();
  std::vector<RankedTag> tags;
  for (size_t begin = 0; begin < input.labels.size(); begin += clips) {
    tags.emplace_back(input.labels.subspan(begin, clips), input.scores.subspan(begin, clips));
  }
  const auto tracks = ClipsOfTracks(input.track_ids);
  std::vector<Samples> precision(tags.size()), auc(tags.size());
  Samples mean_precision, mean_auc;
  for (int64_t r = 0; r < config.resamples; ++r) {
    TIMBRE_RETURN_IF_ERROR(cancel.Check());
    const auto times =
        Draw(tracks, clips, base::Random({input.seed, kResampleStream, static_cast<uint64_t>(r)}));
    Mean precision_of_tags, auc_of_tags;
    for (size_t tag = 0; tag < tags.size(); ++tag) {
      const Scores scores = tags[tag].Score(times);
      precision[tag].Add(scores.average_precision);
      auc[tag].Add(scores.roc_auc);
      precision_of_tags.Add(scores.average_precision);
      auc_of_tags.Add(scores.roc_auc);
    }
    mean_precision.Add(precision_of_tags.Value());
    mean_auc.Add(auc_of_tags.Value());
  }
  BootstrapIntervals intervals;
  intervals.mean_average_precision = mean_precision.Middle(config.confidence);
  intervals.mean_roc_auc = mean_auc.Middle(config.confidence);
  for (size_t tag = 0; tag < tags.size(); ++tag) {
    intervals.average_precision.push_back(precision[tag].Middle(config.confidence));
    intervals.roc_auc.push_back(auc[tag].Middle(config.confidence));
  }
  return intervals;
}

}  // namespace timbre::probe
