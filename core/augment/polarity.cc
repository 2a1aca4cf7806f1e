#include "core/augment/polarity.h"

#include "core/augment/level_kernels.h"

namespace timbre::augment {

void Polarity::Apply(std::span<float> window, base::Random&) const { Negate(window); }

}  // namespace timbre::augment
