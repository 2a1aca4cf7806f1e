#include "core/engine/kernels.h"

#include <algorithm>
#include <bit>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/engine/kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/engine/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace timbre::engine::HWY_NAMESPACE {

template <typename T, Rounding kRounding>
void FirstLayer(const float* samples, const TileSpan& span, const float* weight, const float* bias, T* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t channels = span.channels;
  constexpr int64_t kRows = 16;  // whose outputs stay in the L1 cache until all their channels are there
  for (int64_t begin = 0; begin < span.tiles; begin += kRows) {
    const int64_t end = std::min(begin + kRows, span.tiles);
    for (int64_t c = 0; c < channels; c += lanes) {
      const V w0 = hn::LoadU(d, weight + c), w1 = hn::LoadU(d, weight + channels + c),
              w2 = hn::LoadU(d, weight + 2 * channels + c), b = hn::LoadU(d, bias + c);
      for (int64_t r = begin; r < end; ++r) {
        V sum = hn::MulAdd(hn::Set(d, samples[3 * r]), w0, b);
        sum = hn::MulAdd(hn::Set(d, samples[3 * r + 1]), w1, sum);
        sum = hn::MulAdd(hn::Set(d, samples[3 * r + 2]), w2, sum);
        StoreRow<kRounding>(d, hn::Max(sum, hn::Zero(d)), out + r * channels + c);
      }
    }
  }
}

template <typename T, Rounding kRounding>
void Input3(const T* rows, const TileSpan& span, T* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = span.channels;
  for (int64_t t = 0; t < span.tiles; ++t) {
    const T* in = rows + 3 * t * n;
    T* to = out + t * n;
    for (int64_t c = 0; c < n; c += lanes, in += lanes, to += lanes) {
      const CombinedRows sums = CombineRows(d, LoadRow(d, in), LoadRow(d, in + n), LoadRow(d, in + 2 * n),
                                            LoadRow(d, in + 3 * n), LoadRow(d, in + 4 * n));
      StoreRow<kRounding>(d, sums.v0, to);
      StoreRow<kRounding>(d, sums.v1, to + span.plane);
      StoreRow<kRounding>(d, sums.v2, to + 2 * span.plane);
      StoreRow<kRounding>(d, sums.v3, to + 3 * span.plane);
      StoreRow<kRounding>(d, sums.v4, to + 4 * span.plane);
    }
  }
}

template <typename T, Rounding kRounding>
void Input6(const T* rows, const TileSpan& span, T* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = span.channels;
  const V c525 = hn::Set(d, 5.25f), c425 = hn::Set(d, 4.25f), c25 = hn::Set(d, 2.5f),
          c125 = hn::Set(d, 1.25f), half = hn::Set(d, 0.5f), quarter = hn::Set(d, 0.25f),
          two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f), five = hn::Set(d, 5.0f);
  for (int64_t t = 0; t < span.tiles; ++t) {
    const T* in = rows + 6 * t * n;
    T* to = out + t * n;
    for (int64_t c = 0; c < n; c += lanes, in += lanes, to += lanes) {
      const V d0 = LoadRow(d, in), d1 = LoadRow(d, in + n), d2 = LoadRow(d, in + 2 * n),
              d3 = LoadRow(d, in + 3 * n), d4 = LoadRow(d, in + 4 * n), d5 = LoadRow(d, in + 5 * n),
              d6 = LoadRow(d, in + 6 * n), d7 = LoadRow(d, in + 7 * n);
      StoreRow<kRounding>(d, hn::MulAdd(c525, hn::Sub(d4, d2), hn::Sub(d0, d6)), to);
      V even = hn::NegMulAdd(c425, d4, hn::Add(d2, d6));
      V odd = hn::NegMulAdd(c425, d3, hn::Add(d1, d5));
      StoreRow<kRounding>(d, hn::Add(even, odd), to + span.plane);
      StoreRow<kRounding>(d, hn::Sub(even, odd), to + 2 * span.plane);
      even = hn::NegMulAdd(c125, d4, hn::MulAdd(quarter, d2, d6));
      odd = hn::NegMulAdd(c25, d3, hn::MulAdd(half, d1, hn::Mul(two, d5)));
      StoreRow<kRounding>(d, hn::Add(even, odd), to + 3 * span.plane);
      StoreRow<kRounding>(d, hn::Sub(even, odd), to + 4 * span.plane);
      even = hn::NegMulAdd(five, d4, hn::MulAdd(four, d2, d6));
      odd = hn::NegMulAdd(c25, d3, hn::MulAdd(two, d1, hn::Mul(half, d5)));
      StoreRow<kRounding>(d, hn::Add(even, odd), to + 5 * span.plane);
      StoreRow<kRounding>(d, hn::Sub(even, odd), to + 6 * span.plane);
      StoreRow<kRounding>(d, hn::MulAdd(c525, hn::Sub(d3, d5), hn::Sub(d7, d1)), to + 7 * span.plane);
    }
  }
}

HWY_INLINE V PoolRelu(D d, V a, V b, V c, V bias) {
  return hn::Max(hn::Add(hn::Max(hn::Max(a, b), c), bias), hn::Zero(d));
}

template <typename T, Rounding kRounding>
void Output3(const float* products, const TileSpan& span, const float* bias, T* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = span.channels;
  const V two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f);
  for (int64_t t = 0; t < span.tiles; ++t) {
    const float* in = products + t * n;
    for (int64_t c = 0; c < n; c += lanes, in += lanes) {
      const V m1 = hn::LoadU(d, in + span.plane), m2 = hn::LoadU(d, in + 2 * span.plane),
              m3 = hn::LoadU(d, in + 3 * span.plane);
      const V sum = hn::Add(m1, m2);
      const V y0 = hn::Add(hn::Add(hn::LoadU(d, in), sum), m3);
      const V y1 = hn::MulAdd(two, m3, hn::Sub(m1, m2));
      const V y2 = hn::MulAdd(four, m3, hn::Add(sum, hn::LoadU(d, in + 4 * span.plane)));
      StoreRow<kRounding>(d, PoolRelu(d, y0, y1, y2, hn::LoadU(d, bias + c)), out + t * n + c);
    }
  }
}

template <typename T, Rounding kRounding>
void Output6(const float* products, const TileSpan& span, const float* bias, T* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = span.channels;
  const V two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f), eight = hn::Set(d, 8.0f),
          sixteen = hn::Set(d, 16.0f), c32 = hn::Set(d, 32.0f), half = hn::Set(d, 0.5f),
          quarter = hn::Set(d, 0.25f), eighth = hn::Set(d, 0.125f), c16th = hn::Set(d, 0.0625f),
          c32nd = hn::Set(d, 0.03125f);
  for (int64_t t = 0; t < span.tiles; ++t) {
    const float* in = products + t * n;
    for (int64_t c = 0; c < n; c += lanes, in += lanes) {
      const V m1 = hn::LoadU(d, in + span.plane), m2 = hn::LoadU(d, in + 2 * span.plane),
              m3 = hn::LoadU(d, in + 3 * span.plane), m4 = hn::LoadU(d, in + 4 * span.plane),
              m5 = hn::LoadU(d, in + 5 * span.plane), m6 = hn::LoadU(d, in + 6 * span.plane);
      const V s1 = hn::Add(m1, m2), d1 = hn::Sub(m1, m2), s2 = hn::Add(m3, m4), d2 = hn::Sub(m3, m4),
              s3 = hn::Add(m5, m6), d3 = hn::Sub(m5, m6);
      const V b = hn::LoadU(d, bias + c);
      const V y0 = hn::Add(hn::Add(hn::LoadU(d, in), s1), hn::Add(s2, s3));
      const V y1 = hn::MulAdd(two, d2, hn::MulAdd(half, d3, d1));
      const V y2 = hn::MulAdd(four, s2, hn::MulAdd(quarter, s3, s1));
      T* to = out + 2 * t * n + c;
      StoreRow<kRounding>(d, PoolRelu(d, y0, y1, y2, b), to);
      const V y3 = hn::MulAdd(eight, d2, hn::MulAdd(eighth, d3, d1));
      const V y4 = hn::MulAdd(sixteen, s2, hn::MulAdd(c16th, s3, s1));
      const V y5 = hn::Add(hn::MulAdd(c32, d2, hn::MulAdd(c32nd, d3, d1)), hn::LoadU(d, in + 7 * span.plane));
      StoreRow<kRounding>(d, PoolRelu(d, y3, y4, y5, b), to + n);
    }
  }
}

// What is compared in a row: bf16 numbers that are not negative are in the order of their bits, as signed
// ones of which a negative zero is the least.
HWY_INLINE const float* Ordered(const float* row) { return row; }
HWY_INLINE float* Ordered(float* row) { return row; }
HWY_INLINE const int16_t* Ordered(const Bf16* row) { return reinterpret_cast<const int16_t*>(row); }
HWY_INLINE int16_t* Ordered(Bf16* row) { return reinterpret_cast<int16_t*>(row); }

template <typename T>
void MaxOfThree(const T* frames, const TileSpan& span, T* out) {
  const auto* const first = Ordered(frames);
  const auto* const second = first + span.plane;
  const auto* const third = second + span.plane;
  auto* const to = Ordered(out);
  using Number = std::remove_pointer_t<decltype(Ordered(out))>;
  const HWY_CAPPED(Number, 64 / sizeof(Number)) d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t count = span.tiles * span.channels;  // a multiple of 16
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto most =
        hn::Max(hn::Max(hn::LoadU(d, first + i), hn::LoadU(d, second + i)), hn::LoadU(d, third + i));
    hn::StoreU(most, d, to + i);
  }
  for (; i < count; ++i) to[i] = std::max({first[i], second[i], third[i]});
}

template <typename T, Rounding kRounding>
void Convert(const float* from, int64_t count, T* to) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) StoreRow<kRounding>(d, hn::LoadU(d, from + i), to + i);
  for (; i < count; ++i) {
    if constexpr (std::is_same_v<T, float>) {
      to[i] = from[i];
    } else {
      const auto bits = std::bit_cast<uint32_t>(from[i]);
      to[i] = static_cast<Bf16>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
  }
}

template <typename T, Rounding kRounding>
Kernels<T> Table() {
  return {.first_layer = &FirstLayer<T, kRounding>,
          .input3 = &Input3<T, kRounding>,
          .input6 = &Input6<T, kRounding>,
          .output3 = &Output3<T, kRounding>,
          .output6 = &Output6<T, kRounding>,
          .max_of_three = &MaxOfThree<T>,
          .convert = &Convert<T, kRounding>};
}
Kernels<float> TableOfFloat() { return Table<float, Rounding::kPortable>(); }
Kernels<Bf16> TableOfBf16(Rounding rounding) {
  return rounding == Rounding::kNative ? Table<Bf16, Rounding::kNative>()
                                       : Table<Bf16, Rounding::kPortable>();
}
const char* Target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace timbre::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace timbre::engine {

bool HasNativeBf16() {
#if HWY_ARCH_X86
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

HWY_EXPORT(TableOfFloat);
HWY_EXPORT(TableOfBf16);
HWY_EXPORT(Target);

template <>
const Kernels<float>& KernelsHere() {
  static const Kernels<float> table = HWY_DYNAMIC_DISPATCH(TableOfFloat)();
  return table;
}
template <>
const Kernels<Bf16>& KernelsHere() {
  static const Kernels<Bf16> table =
      HWY_DYNAMIC_DISPATCH(TableOfBf16)(HasNativeBf16() ? Rounding::kNative : Rounding::kPortable);
  return table;
}
const char* KernelTarget() { return HWY_DYNAMIC_DISPATCH(Target)(); }

}  // namespace timbre::engine
#endif  // HWY_ONCE
