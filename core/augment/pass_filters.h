#pragma once

#include "core/augment/effect.h"

namespace timbre::augment {

// A high-pass whose cutoff is uniform in [min_hz, max_hz).
class HighPassFilter final : public Effect {
 public:
  explicit HighPassFilter(const HighPassConfig& config) : config_(config) {}
  std::string_view name() const override { return "high_pass"; }
  void Apply(std::span<float> window, base::Random& random) const override;

 private:
  const HighPassConfig config_;
};

// A low-pass whose cutoff is uniform in [min_hz, max_hz).
class LowPassFilter final : public Effect {
 public:
  explicit LowPassFilter(const LowPassConfig& config) : config_(config) {}
  std::string_view name() const override { return "low_pass"; }
  void Apply(std::span<float> window, base::Random& random) const override;

 private:
  const LowPassConfig config_;
};

// A fair coin decides between a high-pass and a low-pass, never both; the cutoff is uniform in the range of
// its kind.
class HighLowPass final : public Effect {
 public:
  explicit HighLowPass(const HighLowPassConfig& config) : config_(config) {}
  std::string_view name() const override { return "high_low_pass"; }
  void Apply(std::span<float> window, base::Random& random) const override;

 private:
  const HighLowPassConfig config_;
};

// The filters of fir.h; the high-pass is x - LowPass(x). Both are -6 dB at the cutoff and without delay.
void LowPass(std::span<float> window, double cutoff_hz);
void HighPass(std::span<float> window, double cutoff_hz);

}  // namespace timbre::augment
