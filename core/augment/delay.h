#pragma once

#include <cstddef>

#include "core/augment/effect.h"

namespace timbre::augment {

// One echo: y[t] = (x[t] + echo_volume * x[t - offset]) / 2, where offset is the whole number of samples in a
// delay drawn from min_ms, min_ms + step_ms, ... below max_ms. The direct path falls by 6.02 dB.
class Delay final : public Effect {
 public:
  explicit Delay(const DelayConfig& config) : config_(config) {}
  std::string_view name() const override { return "delay"; }
  void Apply(std::span<float> window, base::Random& random) const override;

 private:
  const DelayConfig config_;
};

// The echo itself. An offset beyond the window leaves only the direct path.
void AddEcho(std::span<float> window, size_t offset_samples, double echo_volume);

}  // namespace timbre::augment
