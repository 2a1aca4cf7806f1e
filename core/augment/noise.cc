#include "core/augment/noise.h"

#include <cmath>

namespace timbre::augment {
namespace {

double StandardDeviation(std::span<const float> window) {
  if (window.size() < 2) return 0;
  double sum = 0;
  for (float x : window) sum += x;
  const double mean = sum / static_cast<double>(window.size());
  double squares = 0;
  for (float x : window) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / static_cast<double>(window.size() - 1));
}

}  // namespace

void Noise::Apply(std::span<float> window, base::Random& random) const {
  const double deviation = random.Uniform(config_.min_ratio, config_.max_ratio) * StandardDeviation(window);
  for (float& x : window) x += static_cast<float>(deviation * random.Normal());
}

}  // namespace timbre::augment
