#include "core/engine/winograd.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace timbre::engine {
namespace {

using Row = std::array<double, 3>;

// The kernel's polynomial at each point, over the products of the points' differences.
constexpr Row kF3[] = {
    {1.0 / 2, 0, 0},
    {-1.0 / 2, -1.0 / 2, -1.0 / 2},
    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
    {1.0 / 6, 1.0 / 3, 2.0 / 3},
    {0, 0, 1},
};
constexpr Row kF6[] = {
    {1, 0, 0},
    {-2.0 / 9, -2.0 / 9, -2.0 / 9},
    {-2.0 / 9, 2.0 / 9, -2.0 / 9},
    {1.0 / 90, 1.0 / 45, 2.0 / 45},
    {1.0 / 90, -1.0 / 45, 2.0 / 45},
    {32.0 / 45, 16.0 / 45, 8.0 / 45},
    {32.0 / 45, -16.0 / 45, 8.0 / 45},
    {0, 0, 1},
};

template <size_t kProducts>
std::vector<float> Combine(const Row (&rows)[kProducts], const FoldedLayer& layer) {
  const auto size = static_cast<size_t>(layer.in_channels * layer.out_channels);
  const float *const first = layer.weight.data(), *const second = first + size, *const third = second + size;
  std::vector<float> out(kProducts * size);
  constexpr size_t kBlock = 1024;  // weights that stay in the L1 cache for all products
  for (size_t begin = 0; begin < size; begin += kBlock) {
    const size_t end = std::min(begin + kBlock, size);
    for (size_t j = 0; j < kProducts; ++j) {
      const auto [a, b, c] = rows[j];
      float* const to = out.data() + j * size;
      for (size_t i = begin; i < end; ++i)
        to[i] = static_cast<float>(a * first[i] + b * second[i] + c * third[i]);
    }
  }
  return out;
}

}  // namespace

const char* AlgorithmName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kDirect:
      return "direct";
    case Algorithm::kWinograd3:
      return "winograd3";
    case Algorithm::kWinograd6:
      break;
  }
  return "winograd6";
}

TileShape ShapeOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kDirect:
      return {.pool_windows = 1, .rows = 5, .products = 3};
    case Algorithm::kWinograd3:
      return {.pool_windows = 1, .rows = 5, .products = 5};
    case Algorithm::kWinograd6:
      break;
  }
  return {.pool_windows = 2, .rows = 8, .products = 8};
}

std::vector<float> TransformWeights(Algorithm algorithm, const FoldedLayer& layer) {
  if (algorithm == Algorithm::kWinograd3) return Combine(kF3, layer);
  if (algorithm == Algorithm::kWinograd6) return Combine(kF6, layer);
  return layer.weight;
}

}  // namespace timbre::engine
