#include "core/probe/thresholds.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace timbre::probe {
namespace {

double F1(int64_t true_positives, int64_t predicted, int64_t positives) {
  return 2 * static_cast<double>(true_positives) / static_cast<double>(predicted + positives);
}

int64_t Positives(std::span<const uint8_t> labels) {
  return std::accumulate(labels.begin(), labels.end(), int64_t{0});
}

}  // namespace

double F1At(std::span<const uint8_t> labels, std::span<const float> probabilities, float threshold) {
  const int64_t positives = Positives(labels);
  if (positives == 0) return std::numeric_limits<double>::quiet_NaN();
  int64_t predicted = 0;
  int64_t true_positives = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (probabilities[i] < threshold) continue;
    ++predicted;
    true_positives += labels[i];
  }
  return F1(true_positives, predicted, positives);
}

Threshold ChooseThreshold(std::span<const uint8_t> labels, std::span<const float> probabilities) {
  const int64_t positives = Positives(labels);
  if (positives == 0) return {0.5F, std::numeric_limits<double>::quiet_NaN()};
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return probabilities[a] > probabilities[b]; });
  Threshold best{0.5F, -1};
  int64_t true_positives = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    true_positives += labels[order[i]];
    const float here = probabilities[order[i]];
    const bool last = i + 1 == order.size();
    const float below = last ? here : probabilities[order[i + 1]];
    if (!last && below == here) continue;
    const double f1 = F1(true_positives, static_cast<int64_t>(i) + 1, positives);
    // Neighbouring floats have no middle.
    const float middle = (here + below) / 2;
    if (f1 > best.f1) best = {middle > below ? middle : here, f1};
  }
  return best;
}

}  // namespace timbre::probe
