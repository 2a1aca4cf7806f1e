#pragma once

#include "core/augment/effect.h"

namespace timbre::augment {

// Multiplies by 10^(g/20), g uniform in [min_db, max_db), then clamps to [-1, 1].
class Gain final : public Effect {
 public:
  explicit Gain(const GainConfig& config) : config_(config) {}
  std::string_view name() const override { return "gain"; }
  void Apply(std::span<float> window, base::Random& random) const override;

 private:
  const GainConfig config_;
};

}  // namespace timbre::augment
