#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/folded_stack.h"

namespace timbre::engine {

// How a layer's convolution is computed.
//   kDirect    the three frames of a pool window (one frame without pooling) are products of three
//              neighbouring input rows, seen as one run of 3 C numbers: 9 products of [C, C'] a pool window
//   kWinograd3 Toom-Cook F(3,3), points 0, 1, -1, 2, infinity: the three frames of a pool window are one
//              tile; 5 products
//   kWinograd6 F(6,3), points 0, 1, -1, 2, -2, 1/2, -1/2, infinity: two pool windows are one tile; 8 products
// Source: Winograd 1980; Lavin & Gray 2016 (arXiv 1509.09308) for convolutions in general.
enum class Algorithm { kDirect, kWinograd3, kWinograd6 };

const char* AlgorithmName(Algorithm algorithm);  // "direct", "winograd3", "winograd6"

// The shape of an algorithm: a tile is so many pool windows, read from so many input rows (of which the first
// is the one before the tile's first frame), multiplied by so many matrices of [depth * C, C'].
struct TileShape {
  int64_t pool_windows;
  int64_t rows;
  int64_t products;
};
TileShape ShapeOf(Algorithm algorithm);

// The matrices that the transformed input is multiplied by. Shapes: [products, C, C'] (kDirect: one matrix
// [1, kernel * C, C']).
std::vector<float> TransformWeights(Algorithm algorithm, const FoldedLayer& layer);

}  // namespace timbre::engine
