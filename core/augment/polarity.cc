#include "core/augment/polarity.h"

namespace timbre::augment {

void Polarity::Apply(std::span<float> window, base::Random&) const {
  for (float& x : window) x = -x;
}

}  // namespace timbre::augment
