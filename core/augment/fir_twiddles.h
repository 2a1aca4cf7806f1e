#pragma once

#include <cstddef>
#include <vector>

namespace timbre::augment {

// The factors of a transform of `size` points (a power of two, 8 or more): for each twiddled radix-4 stage,
// from the longest, and each k below its quarter: w, w^2, w^3 with w = exp(-2 pi i k / (4 quarter)), as [re,
// im].
struct Twiddles {
  size_t size = 0;
  bool radix_4_only = false;  // else the last stage has radix 2
  std::vector<float> factors;
};

// This thread's factors for a size; made once. Lifetime: the thread's.
const Twiddles& TwiddlesFor(size_t size);

}  // namespace timbre::augment
