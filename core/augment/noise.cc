#include "core/augment/noise.h"

#include "core/augment/noise_kernel.h"

namespace timbre::augment {
namespace {

NoiseState DrawState(base::Random& random) {
  NoiseState state;
  for (auto& words : state) {
    for (uint32_t& word : words) word = static_cast<uint32_t>(random.Next() >> 32);
  }
  for (uint32_t& word : state[0]) word |= 1;  // never all zero
  return state;
}

}  // namespace

void Noise::Apply(std::span<float> window, base::Random& random) const {
  const double deviation = random.Uniform(config_.min_ratio, config_.max_ratio) * StandardDeviation(window);
  AddNormals(window, deviation, DrawState(random));
}

}  // namespace timbre::augment
