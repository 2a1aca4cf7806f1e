#include "core/augment/fir_twiddles.h"

#include <array>
#include <bit>
#include <cmath>
#include <numbers>

namespace timbre::augment {

const Twiddles& TwiddlesFor(size_t size) {
  thread_local std::array<Twiddles, 32> by_log_size;
  Twiddles& twiddles = by_log_size.at(static_cast<size_t>(std::countr_zero(size)));
  if (twiddles.size == size) return twiddles;
  size_t quarter = size / 4;
  for (; quarter > 1; quarter /= 4) {
    for (size_t k = 0; k < quarter; ++k) {
      for (size_t power = 1; power <= 3; ++power) {
        const double angle =
            -2 * std::numbers::pi * static_cast<double>(k * power) / static_cast<double>(4 * quarter);
        twiddles.factors.push_back(static_cast<float>(std::cos(angle)));
        twiddles.factors.push_back(static_cast<float>(std::sin(angle)));
      }
    }
  }
  twiddles.radix_4_only = quarter == 1;
  twiddles.size = size;
  return twiddles;
}

}  // namespace timbre::augment
