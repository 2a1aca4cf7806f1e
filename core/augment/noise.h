#pragma once

#include "core/augment/effect.h"

namespace timbre::augment {

// Adds white Gaussian noise whose deviation is ratio * (unbiased standard deviation of the window), the ratio
// uniform in [min_ratio, max_ratio): an amplitude ratio, so 0.001 to 0.005 are 60 to 46 dB of SNR. Nothing is
// clipped.
class Noise final : public Effect {
 public:
  explicit Noise(const NoiseConfig& config) : config_(config) {}
  std::string_view name() const override { return "noise"; }
  void Apply(std::span<float> window, base::Random& random) const override;

 private:
  const NoiseConfig config_;
};

}  // namespace timbre::augment
