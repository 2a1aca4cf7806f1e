#include "core/augment/gain.h"

#include <cmath>

#include "core/augment/level_kernels.h"

namespace timbre::augment {

void Gain::Apply(std::span<float> window, base::Random& random) const {
  ScaleClamped(window,
               static_cast<float>(std::pow(10.0, random.Uniform(config_.min_db, config_.max_db) / 20)));
}

}  // namespace timbre::augment
