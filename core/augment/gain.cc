#include "core/augment/gain.h"

#include <algorithm>
#include <cmath>

namespace timbre::augment {

void Gain::Apply(std::span<float> window, base::Random& random) const {
  const auto factor = static_cast<float>(std::pow(10.0, random.Uniform(config_.min_db, config_.max_db) / 20));
  for (float& x : window) x = std::clamp(x * factor, -1.0F, 1.0F);
}

}  // namespace timbre::augment
