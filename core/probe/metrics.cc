#include "core/probe/metrics.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace timbre::probe {
namespace {

// The items that share one score.
struct TieGroup {
  int64_t positives = 0;
  int64_t negatives = 0;
};

// Highest score first.
std::vector<TieGroup> TieGroups(std::span<const uint8_t> labels, std::span<const float> scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  std::vector<TieGroup> groups;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || scores[order[i]] != scores[order[i - 1]]) groups.emplace_back();
    ++(labels[order[i]] != 0 ? groups.back().positives : groups.back().negatives);
  }
  return groups;
}

TieGroup Sum(const std::vector<TieGroup>& groups) {
  TieGroup sum;
  for (const TieGroup& group : groups) {
    sum.positives += group.positives;
    sum.negatives += group.negatives;
  }
  return sum;
}

}  // namespace

double AveragePrecision(std::span<const uint8_t> labels, std::span<const float> scores) {
  const std::vector<TieGroup> groups = TieGroups(labels, scores);
  const auto positives = static_cast<double>(Sum(groups).positives);
  if (positives == 0) return 0;
  double hits = 0;
  double seen = 0;
  double average = 0;
  for (const TieGroup& group : groups) {
    hits += static_cast<double>(group.positives);
    seen += static_cast<double>(group.positives + group.negatives);
    average += static_cast<double>(group.positives) / positives * (hits / seen);
  }
  return average;
}

double RocAuc(std::span<const uint8_t> labels, std::span<const float> scores) {
  const std::vector<TieGroup> groups = TieGroups(labels, scores);
  const TieGroup total = Sum(groups);
  if (total.positives == 0 || total.negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  int64_t negatives_above = 0;
  double wins = 0;
  for (const TieGroup& group : groups) {
    const auto below = static_cast<double>(total.negatives - negatives_above - group.negatives);
    wins += static_cast<double>(group.positives) * (below + static_cast<double>(group.negatives) / 2);
    negatives_above += group.negatives;
  }
  return wins / (static_cast<double>(total.positives) * static_cast<double>(total.negatives));
}

std::optional<double> MeanAveragePrecision(std::span<const uint8_t> labels_by_tag,
                                           std::span<const float> scores_by_tag, size_t count) {
  double sum = 0;
  int64_t counted = 0;
  for (size_t begin = 0; begin < scores_by_tag.size(); begin += count) {
    const auto labels = labels_by_tag.subspan(begin, count);
    const int64_t positives = std::accumulate(labels.begin(), labels.end(), int64_t{0});
    if (positives == 0 || positives == static_cast<int64_t>(count)) continue;
    sum += AveragePrecision(labels, scores_by_tag.subspan(begin, count));
    ++counted;
  }
  if (counted == 0) return std::nullopt;
  return sum / static_cast<double>(counted);
}

}  // namespace timbre::probe
