#include "core/augment/fir.h"

#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/audio/windows.h"

namespace timbre::augment {
namespace {

constexpr double kZeroCrossings = 8;

}  // namespace

std::vector<float> LowPassTaps(double cutoff_hz) {
  const double cutoff = cutoff_hz / audio::kSampleRateHz;
  const auto half = static_cast<size_t>(kZeroCrossings / cutoff / 2);
  // Symmetric: one half is computed, from the middle on.
  std::vector<double> side(half + 1, 2 * cutoff);
  double sum = side[0];
  for (size_t n = 1; n <= half; ++n) {
    const double hann =
        0.5 + 0.5 * std::cos(std::numbers::pi * static_cast<double>(n) / static_cast<double>(half));
    const double angle = 2 * cutoff * std::numbers::pi * static_cast<double>(n);
    side[n] = 2 * cutoff * hann * std::sin(angle) / angle;
    sum += 2 * side[n];
  }
  std::vector<float> taps(2 * half + 1);
  for (size_t n = 0; n <= half; ++n) taps[half + n] = taps[half - n] = static_cast<float>(side[n] / sum);
  return taps;
}

}  // namespace timbre::augment
