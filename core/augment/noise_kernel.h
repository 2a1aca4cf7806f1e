#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace timbre::augment {

// Sixteen generators side by side: [word][generator].
inline constexpr int kNoiseStreams = 16;
using NoiseState = std::array<std::array<uint32_t, kNoiseStreams>, 4>;

// Adds deviation * N(0, 1) to each sample. Sixteen streams of xoshiro128+ (Blackman, Vigna 2018) give two
// words each, Box-Muller makes two normals of them: samples 32 k + i and 32 k + 16 + i come from stream i.
// Logarithm, sine and cosine are polynomials of our own (error below 4e-7), so the samples depend on the
// state alone: the same bits for every vector width and C library. The largest normal is 5.9. Requires that
// no stream's four words are all 0. Threads: safe.
void AddNormals(std::span<float> window, double deviation, const NoiseState& state);

// The unbiased standard deviation; 0 for fewer than two samples. The same bits for every vector width.
double StandardDeviation(std::span<const float> window);

}  // namespace timbre::augment
