#pragma once

#include "core/augment/effect.h"

namespace timbre::augment {

// x -> -x: what a microphone's reversed plug does. Draws nothing.
class Polarity final : public Effect {
 public:
  std::string_view name() const override { return "polarity"; }
  void Apply(std::span<float> window, base::Random& random) const override;
};

}  // namespace timbre::augment
