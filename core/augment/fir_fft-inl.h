// Fourier transforms of many signals at once, one in each lane: no step of the transform shuffles lanes, and
// the result of a lane does not depend on how many there are. Included once for each vector target, inside
// the pass of hwy/foreach_target.h: hence no usual include guard.
#if defined(TIMBRE_AUGMENT_FIR_FFT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TIMBRE_AUGMENT_FIR_FFT_INL_H
#undef TIMBRE_AUGMENT_FIR_FFT_INL_H
#else
#define TIMBRE_AUGMENT_FIR_FFT_INL_H
#endif

#include <hwy/highway.h>

#include "core/augment/fir_twiddles.h"
#include "core/augment/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace timbre::augment {
namespace HWY_NAMESPACE {

// A point of the transform: [re of each lane, im of each lane].
inline constexpr size_t kPointFloats = 2 * kLanes;

struct Complex {
  Vector re;
  Vector im;
};

HWY_INLINE Complex LoadPoint(const float* at) {
  return {hn::Load(Lanes(), at), hn::Load(Lanes(), at + kLanes)};
}
HWY_INLINE void StorePoint(Complex z, float* at) {
  hn::Store(z.re, Lanes(), at);
  hn::Store(z.im, Lanes(), at + kLanes);
}
HWY_INLINE Complex Add(Complex a, Complex b) { return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)}; }
HWY_INLINE Complex Sub(Complex a, Complex b) { return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)}; }
// a - ib, a + ib
HWY_INLINE Complex SubTurned(Complex a, Complex b) { return {hn::Add(a.re, b.im), hn::Sub(a.im, b.re)}; }
HWY_INLINE Complex AddTurned(Complex a, Complex b) { return {hn::Sub(a.re, b.im), hn::Add(a.im, b.re)}; }
// z * w, z * conj(w); w is [re, im]
HWY_INLINE Complex Times(Complex z, const float* w) {
  const auto re = hn::Set(Lanes(), w[0]);
  const auto im = hn::Set(Lanes(), w[1]);
  return {hn::Sub(hn::Mul(z.re, re), hn::Mul(z.im, im)), hn::Add(hn::Mul(z.re, im), hn::Mul(z.im, re))};
}
HWY_INLINE Complex TimesConjugate(Complex z, const float* w) {
  const auto re = hn::Set(Lanes(), w[0]);
  const auto im = hn::Set(Lanes(), w[1]);
  return {hn::Add(hn::Mul(z.re, re), hn::Mul(z.im, im)), hn::Sub(hn::Mul(z.im, re), hn::Mul(z.re, im))};
}

// One stage of decimation in frequency, radix 4, over blocks of 4 * quarter points.
template <bool kTwiddled>
HWY_INLINE void ForwardStage(float* points, size_t size, size_t quarter, const float* twiddles) {
  const size_t stride = quarter * kPointFloats;
  for (size_t block = 0; block < size; block += 4 * quarter) {
    float* at = points + block * kPointFloats;
    for (size_t k = 0; k < quarter; ++k, at += kPointFloats) {
      const Complex a = LoadPoint(at);
      const Complex b = LoadPoint(at + stride);
      const Complex c = LoadPoint(at + 2 * stride);
      const Complex d = LoadPoint(at + 3 * stride);
      const Complex even = Add(a, c);
      const Complex odd = Add(b, d);
      const Complex even_difference = Sub(a, c);
      const Complex odd_difference = Sub(b, d);
      Complex y1 = SubTurned(even_difference, odd_difference);
      Complex y2 = Sub(even, odd);
      Complex y3 = AddTurned(even_difference, odd_difference);
      if constexpr (kTwiddled) {
        const float* w = twiddles + 6 * k;
        y1 = Times(y1, w);
        y2 = Times(y2, w + 2);
        y3 = Times(y3, w + 4);
      }
      StorePoint(Add(even, odd), at);
      StorePoint(y1, at + stride);
      StorePoint(y2, at + 2 * stride);
      StorePoint(y3, at + 3 * stride);
    }
  }
}

// The mirror image of ForwardStage, times 4.
template <bool kTwiddled>
HWY_INLINE void InverseStage(float* points, size_t size, size_t quarter, const float* twiddles) {
  const size_t stride = quarter * kPointFloats;
  for (size_t block = 0; block < size; block += 4 * quarter) {
    float* at = points + block * kPointFloats;
    for (size_t k = 0; k < quarter; ++k, at += kPointFloats) {
      const Complex y0 = LoadPoint(at);
      Complex y1 = LoadPoint(at + stride);
      Complex y2 = LoadPoint(at + 2 * stride);
      Complex y3 = LoadPoint(at + 3 * stride);
      if constexpr (kTwiddled) {
        const float* w = twiddles + 6 * k;
        y1 = TimesConjugate(y1, w);
        y2 = TimesConjugate(y2, w + 2);
        y3 = TimesConjugate(y3, w + 4);
      }
      const Complex even = Add(y0, y2);
      const Complex odd = Sub(y0, y2);
      const Complex even_difference = Add(y1, y3);
      const Complex odd_difference = Sub(y1, y3);
      StorePoint(Add(even, even_difference), at);
      StorePoint(AddTurned(odd, odd_difference), at + stride);
      StorePoint(Sub(even, even_difference), at + 2 * stride);
      StorePoint(SubTurned(odd, odd_difference), at + 3 * stride);
    }
  }
}

// Radix 2 on neighbours: its own inverse, times 2.
HWY_INLINE void PairStage(float* points, size_t size) {
  for (float* at = points; at < points + size * kPointFloats; at += 2 * kPointFloats) {
    const Complex a = LoadPoint(at);
    const Complex b = LoadPoint(at + kPointFloats);
    StorePoint(Add(a, b), at);
    StorePoint(Sub(a, b), at + kPointFloats);
  }
}

// [size] points; the spectrum comes in the digits' reverse order, which Inverse takes back.
HWY_INLINE void Forward(float* points, const Twiddles& twiddles) {
  const float* w = twiddles.factors.data();
  size_t quarter = twiddles.size / 4;
  for (; quarter > 1; w += 6 * quarter, quarter /= 4) ForwardStage<true>(points, twiddles.size, quarter, w);
  if (quarter == 1) {
    ForwardStage<false>(points, twiddles.size, 1, w);
  } else {
    PairStage(points, twiddles.size);
  }
}

// The signals times `size`.
HWY_INLINE void Inverse(float* points, const Twiddles& twiddles) {
  const float* w = twiddles.factors.data() + twiddles.factors.size();
  const bool even = twiddles.radix_4_only;
  size_t quarter = even ? 1 : 2;
  if (even) {
    InverseStage<false>(points, twiddles.size, 1, w);
    quarter = 4;
  } else {
    PairStage(points, twiddles.size);
  }
  for (; quarter <= twiddles.size / 4; quarter *= 4) {
    w -= 6 * quarter;
    InverseStage<true>(points, twiddles.size, quarter, w);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace timbre::augment
HWY_AFTER_NAMESPACE();

#endif
