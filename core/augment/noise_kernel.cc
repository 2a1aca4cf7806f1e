#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/augment/noise_kernel.cc"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/augment/noise_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace timbre::augment {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Real = hn::CappedTag<float, kNoiseStreams>;
using Word = hn::RebindToUnsigned<Real>;
using Reals = hn::Vec<Real>;
using Words = hn::Vec<Word>;

HWY_INLINE Words NextWords(Words (&s)[4]) {
  const Words result = hn::Add(s[0], s[3]);
  const Words t = hn::ShiftLeft<9>(s[1]);
  s[2] = hn::Xor(s[2], s[0]);
  s[3] = hn::Xor(s[3], s[1]);
  s[1] = hn::Xor(s[1], s[2]);
  s[0] = hn::Xor(s[0], s[3]);
  s[2] = hn::Xor(s[2], t);
  s[3] = hn::Or(hn::ShiftLeft<11>(s[3]), hn::ShiftRight<21>(s[3]));
  return result;
}

// c[0] + x (c[1] + x (c[2] + ...))
template <size_t kTerms>
HWY_INLINE Reals Polynomial(Reals x, const float (&c)[kTerms]) {
  const Real d;
  auto sum = hn::Set(d, c[kTerms - 1]);
  for (size_t i = kTerms - 1; i-- > 0;) sum = hn::Add(hn::Set(d, c[i]), hn::Mul(sum, x));
  return sum;
}

// ln(x) of a normal x in (0, 1]: ln 2 * exponent + 2 atanh(z), z = (m - 1) / (m + 1), m within [sqrt(1/2),
// sqrt(2)).
HWY_INLINE Reals NaturalLog(Reals x) {
  const Real d;
  const hn::RebindToSigned<Real> whole;
  const auto bits = hn::Sub(hn::BitCast(whole, x), hn::Set(whole, 0x3f3504f3));  // sqrt(1/2)
  const auto exponent = hn::ConvertTo(d, hn::ShiftRight<23>(bits));
  const auto mantissa_bits = hn::Add(hn::And(bits, hn::Set(whole, 0x007fffff)), hn::Set(whole, 0x3f3504f3));
  const auto m = hn::BitCast(d, mantissa_bits);
  const auto one = hn::Set(d, 1.0F);
  const auto z = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const auto series = Polynomial(hn::Mul(z, z), {2.0F, 2.0F / 3, 2.0F / 5, 2.0F / 7, 2.0F / 9});
  return hn::Add(hn::Mul(exponent, hn::Set(d, 0.693147181F)), hn::Mul(z, series));
}

struct NormalPair {
  Reals first;
  Reals second;
};

HWY_INLINE NormalPair Normals(Words radius_bits, Words angle_bits) {
  const Real d;
  const Word words;
  const hn::RebindToSigned<Real> whole;
  // (k + 1/2) / 2^24: never 0.
  const auto fraction = hn::ConvertTo(d, hn::BitCast(whole, hn::ShiftRight<8>(radius_bits)));
  const auto uniform = hn::Mul(hn::Add(fraction, hn::Set(d, 0.5F)), hn::Set(d, 0x1.0p-24F));
  const auto square = hn::Mul(hn::Set(d, -2.0F), NaturalLog(uniform));
  const auto radius = hn::Sqrt(hn::Max(square, hn::Zero(d)));
  // An angle within a quarter turn around 0, then two more bits choose the quarter. The low bits of the
  // generator are its weakest and stay unused.
  const auto signed_bits = hn::ShiftRight<8>(hn::BitCast(whole, hn::ShiftLeft<2>(angle_bits)));
  const auto angle = hn::Mul(hn::ConvertTo(d, signed_bits), hn::Set(d, 0.785398163F * 0x1.0p-23F));
  const auto squared = hn::Mul(angle, angle);
  const auto sine =
      hn::Mul(angle, Polynomial(squared, {1.0F, -1.0F / 6, 1.0F / 120, -1.0F / 5040, 1.0F / 362880}));
  const auto cosine = Polynomial(squared, {1.0F, -1.0F / 2, 1.0F / 24, -1.0F / 720, 1.0F / 40320});
  const auto sign = hn::And(angle_bits, hn::Set(words, 0x80000000U));
  const auto turned_cosine = hn::BitCast(d, hn::Xor(hn::BitCast(words, cosine), sign));
  const auto swap = hn::Ne(hn::And(angle_bits, hn::Set(words, 0x40000000U)), hn::Zero(words));
  const auto swapped = hn::RebindMask(d, swap);
  return {hn::Mul(radius, hn::IfThenElse(swapped, sine, turned_cosine)),
          hn::Mul(radius, hn::IfThenElse(swapped, turned_cosine, sine))};
}

// `x` has a whole number of 32 samples. The streams go on where they end.
void AddNormalsLoop(float* x, size_t samples, float deviation, NoiseState& state) {
  const Real d;
  const Word words;
  const size_t lanes = hn::Lanes(d);
  const auto level = hn::Set(d, deviation);
  for (size_t stream = 0; stream < kNoiseStreams; stream += lanes) {
    Words s[4];
    for (size_t i = 0; i < 4; ++i) s[i] = hn::LoadU(words, state[i].data() + stream);
    for (float* at = x + stream; at < x + samples; at += 2 * kNoiseStreams) {
      const Words radius_bits = NextWords(s);
      const Words angle_bits = NextWords(s);
      const NormalPair normals = Normals(radius_bits, angle_bits);
      float* later = at + kNoiseStreams;
      hn::StoreU(hn::Add(hn::LoadU(d, at), hn::Mul(level, normals.first)), d, at);
      hn::StoreU(hn::Add(hn::LoadU(d, later), hn::Mul(level, normals.second)), d, later);
    }
    for (size_t i = 0; i < 4; ++i) hn::StoreU(s[i], words, state[i].data() + stream);
  }
}

// The sums of the samples and of their squares, in 16 fixed parts, which any vector width divides.
void MomentsLoop(const float* x, size_t samples, double* sum_and_squares) {
  constexpr size_t kParts = 16;
  double sums[kParts] = {};
  double squares[kParts] = {};
  size_t i = 0;
  for (; i + kParts <= samples; i += kParts) {
    for (size_t k = 0; k < kParts; ++k) {
      const auto value = static_cast<double>(x[i + k]);
      sums[k] += value;
      squares[k] += value * value;
    }
  }
  for (size_t k = 0; i < samples; ++i, ++k) {
    const auto value = static_cast<double>(x[i]);
    sums[k] += value;
    squares[k] += value * value;
  }
  sum_and_squares[0] = std::accumulate(sums, sums + kParts, 0.0);
  sum_and_squares[1] = std::accumulate(squares, squares + kParts, 0.0);
}

}  // namespace HWY_NAMESPACE
}  // namespace timbre::augment
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace timbre::augment {
namespace {

HWY_EXPORT(AddNormalsLoop);
HWY_EXPORT(MomentsLoop);

}  // namespace

void AddNormals(std::span<float> window, double deviation, const NoiseState& state) {
  constexpr size_t kRound = 2 * kNoiseStreams;
  const auto level = static_cast<float>(deviation);
  const size_t whole = window.size() / kRound * kRound;
  NoiseState streams = state;
  HWY_DYNAMIC_DISPATCH(AddNormalsLoop)(window.data(), whole, level, streams);
  if (whole == window.size()) return;
  std::array<float, kRound> tail = {};
  const auto rest = window.subspan(whole);
  std::copy(rest.begin(), rest.end(), tail.begin());
  HWY_DYNAMIC_DISPATCH(AddNormalsLoop)(tail.data(), kRound, level, streams);
  std::copy_n(tail.begin(), rest.size(), rest.begin());
}

double StandardDeviation(std::span<const float> window) {
  if (window.size() < 2) return 0;
  double sums[2] = {};
  HWY_DYNAMIC_DISPATCH(MomentsLoop)(window.data(), window.size(), sums);
  const auto count = static_cast<double>(window.size());
  return std::sqrt(std::max(0.0, sums[1] - sums[0] * sums[0] / count) / (count - 1));
}

}  // namespace timbre::augment
#endif
