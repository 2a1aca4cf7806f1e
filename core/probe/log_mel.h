#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

// Torch-free.
namespace timbre::probe {

// Mean and standard deviation over time of log-mel bands: what a clip's spectrum tells without any encoder.
//   Frames of 1,024 samples every 512, periodic Hann window, no padding (a shorter clip is filled up with
//   zeros); power spectrum; 96 triangular bands of equal area from 0 Hz to half the sample rate on Slaney's
//   mel scale (Slaney 1998, Auditory Toolbox); 10 log10, with a floor of 1e-10.
// Threads: safe (const).
class LogMelStatistics {
 public:
  static constexpr int64_t kBands = 96;
  static constexpr int64_t kFrameSamples = 1024;
  static constexpr int64_t kHopSamples = 512;
  static constexpr int64_t kDim = 2 * kBands;

  explicit LogMelStatistics(int sample_rate_hz);
  ~LogMelStatistics();

  // samples [n], n >= 1 -> [kDim]: the bands' means in dB, then their deviations.
  std::vector<float> Compute(std::span<const float> samples) const;

 private:
  // One band's weights over neighbouring bins of the spectrum.
  struct Band {
    size_t first_bin = 0;
    std::vector<double> weights;
  };
  struct Transform;

  std::vector<double> FrameDb(std::span<const float> frame) const;

  std::vector<float> window_;
  std::vector<Band> bands_;
  std::unique_ptr<Transform> transform_;
};

}  // namespace timbre::probe
