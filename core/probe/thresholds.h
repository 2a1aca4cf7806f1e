#pragma once

#include <cstdint>
#include <span>

// Torch-free. Threads: safe (pure functions).
namespace timbre::probe {

// Clips are predicted positive whose probability is at least `value`.
struct Threshold {
  float value = 0.5F;
  double f1 = 0;  // where it was chosen; NaN without positives
};

// F1 = 2 TP / (2 TP + FP + FN) at a threshold; NaN without positives. Shapes: [n] each.
double F1At(std::span<const uint8_t> labels, std::span<const float> probabilities, float threshold);

// The threshold of the best F1, the highest of equals, half way to the next lower probability. Without
// positives: 0.5.
Threshold ChooseThreshold(std::span<const uint8_t> labels, std::span<const float> probabilities);

}  // namespace timbre::probe
