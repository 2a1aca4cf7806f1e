#pragma once

#include <cstdint>

// The engine's vector kernels, in portable SIMD (Highway), chosen for the CPU at run time. All take rows of
// channels (time-major), channels a multiple of kChannelStep, and write where they are told; nothing is
// allocated.
// T is float, or Bf16: a bfloat16 as its upper 16 bits, rounded to nearest even. Sums are always fp32.
// Threads: safe.
namespace timbre::engine {

using Bf16 = uint16_t;

inline constexpr int64_t kChannelStep = 16;  // the widest vector of fp32

// How fp32 becomes bf16: by integer arithmetic, or by the instruction of CPUs that have AVX512-BF16, which
// takes numbers too small to be normal for zero, and keeps what is no number. All else they round alike.
enum class Rounding { kPortable, kNative };
// Whether the CPU has that instruction.
bool HasNativeBf16();

// How much a call does: `tiles` tiles (F(6,3): of two pool windows, else of one; first_layer: rows).
struct TileSpan {
  int64_t tiles = 0;
  int64_t channels = 0;
  int64_t plane = 0;  // numbers from one product's matrix to the next
};

template <typename T>
struct Kernels {
  // First layer: row r of [rows, channels] is relu(sum_k weight[k] * samples[3 r + k] + bias); `weight` is
  // [3, channels]; `samples` points at row 0's first sample.
  void (*first_layer)(const float* samples, const TileSpan& span, const float* weight, const float* bias,
                      T* out);

  // B^T d of F(3,3) and F(6,3): `rows` points at the row before the first tile's first frame. Shapes: out
  // [products][tiles, channels], the products `plane` numbers apart.
  void (*input3)(const T* rows, const TileSpan& span, T* out);
  void (*input6)(const T* rows, const TileSpan& span, T* out);

  // relu(max of the frames of a pool window + bias), the frames being A^T m. `products` is laid out as above,
  // fp32; out is [pool windows, channels], and must have room for all pool windows of the tiles.
  void (*output3)(const float* products, const TileSpan& span, const float* bias, T* out);
  void (*output6)(const float* products, const TileSpan& span, const float* bias, T* out);
  // The largest of the three frames of a pool window, which are not negative: [3][tiles, channels], `plane`
  // apart.
  void (*max_of_three)(const T* frames, const TileSpan& span, T* out);

  // Rounds to nearest even.
  void (*convert)(const float* from, int64_t count, T* to);
};

// For float and Bf16.
template <typename T>
const Kernels<T>& KernelsHere();

// "AVX3", "AVX2", ...: what they run on here.
const char* KernelTarget();

}  // namespace timbre::engine
