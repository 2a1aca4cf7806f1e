#pragma once

#include "core/augment/effect.h"

namespace timbre::augment {

// Plays the window backwards. Draws nothing.
class Reverse final : public Effect {
 public:
  std::string_view name() const override { return "reverse"; }
  void Apply(std::span<float> window, base::Random& random) const override;
};

}  // namespace timbre::augment
