#pragma once

// Synthesised audio with known answers.

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "core/base/random.h"

namespace timbre::testing {

inline std::vector<float> Sine(double frequency_hz, double amplitude, size_t samples,
                               double rate_hz = 22050) {
  std::vector<float> out(samples);
  for (size_t i = 0; i < samples; ++i) {
    out[i] = static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * frequency_hz * i / rate_hz));
  }
  return out;
}

inline std::vector<float> Click(size_t position, size_t samples, float amplitude = 1.0F) {
  std::vector<float> out(samples, 0.0F);
  out.at(position) = amplitude;
  return out;
}

inline std::vector<float> WhiteNoise(double deviation, size_t samples, uint64_t seed) {
  base::Random random({seed});
  std::vector<float> out(samples);
  for (float& x : out) x = static_cast<float>(deviation * random.Normal());
  return out;
}

inline double Rms(const std::vector<float>& samples) {
  double sum = 0;
  for (float x : samples) sum += static_cast<double>(x) * x;
  return samples.empty() ? 0 : std::sqrt(sum / static_cast<double>(samples.size()));
}

}  // namespace timbre::testing
