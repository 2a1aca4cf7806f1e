#pragma once

#include <cstdint>
#include <vector>

namespace timbre::audio {

// Mono audio. Samples are nominally in [-1, 1]; no value is NaN, infinite or beyond 2^32.
struct Waveform {
  std::vector<float> samples;  // [samples]
  int sample_rate_hz = 0;

  double seconds() const {
    return sample_rate_hz > 0 ? static_cast<double>(samples.size()) / sample_rate_hz : 0;
  }
};

}  // namespace timbre::audio
