#include "core/augment/reverse.h"

#include <algorithm>

namespace timbre::augment {

void Reverse::Apply(std::span<float> window, base::Random&) const {
  std::reverse(window.begin(), window.end());
}

}  // namespace timbre::augment
