#pragma once

#include <cstddef>
#include <span>

namespace timbre::augment {

// What changes the level of single samples or adds samples to each other, vectorised. The same bits for every
// vector width. Threads: safe.

// x -> -x
void Negate(std::span<float> window);

// x -> x * factor, clamped to [-1, 1]
void ScaleClamped(std::span<float> window, float factor);

// x[t] -> (x[t] + volume * x[t - offset]) / 2, silence before the beginning. Requires offset >= 1.
void MixEcho(std::span<float> window, size_t offset_samples, float volume);

// a -> a - b. Requires equal sizes.
void Subtract(std::span<float> a, std::span<const float> b);

}  // namespace timbre::augment
