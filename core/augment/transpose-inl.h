// Included once for each vector target, inside the pass of hwy/foreach_target.h: hence no usual include
// guard.
#if defined(TIMBRE_AUGMENT_TRANSPOSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TIMBRE_AUGMENT_TRANSPOSE_INL_H
#undef TIMBRE_AUGMENT_TRANSPOSE_INL_H
#else
#define TIMBRE_AUGMENT_TRANSPOSE_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace timbre::augment {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Eight signals side by side: in one vector of 8 lanes, or in two of 4.
using Lanes = hn::CappedTag<float, 8>;
using Vector = hn::Vec<Lanes>;
inline constexpr size_t kLanes = hn::MaxLanes(Lanes()) >= 8 ? 8 : 4;

// Four samples of one signal, and, with 8 lanes, in the upper half four of another, 4 signals further on.
// (Templates, so that the branch for other vectors is not compiled.)
template <class D>
HWY_INLINE hn::Vec<D> LoadQuads(D d, const float* HWY_RESTRICT lower,
                                [[maybe_unused]] const float* HWY_RESTRICT upper) {
  if constexpr (kLanes == 8) {
    const hn::Half<D> quad;
    return hn::Combine(d, hn::LoadU(quad, upper), hn::LoadU(quad, lower));
  } else {
    return hn::LoadU(d, lower);
  }
}

template <class D>
HWY_INLINE void StoreQuads(D d, hn::Vec<D> v, float* HWY_RESTRICT lower,
                           [[maybe_unused]] float* HWY_RESTRICT upper) {
  if constexpr (kLanes == 8) {
    const hn::Half<D> quad;
    hn::StoreU(hn::LowerHalf(quad, v), quad, lower);
    hn::StoreU(hn::UpperHalf(quad, v), quad, upper);
  } else {
    hn::StoreU(v, d, lower);
  }
}

// In each 128-bit block, row i's sample j becomes row j's lane i. Its own inverse.
HWY_INLINE void Transpose(Vector& a, Vector& b, Vector& c, Vector& d) {
  const Lanes lanes;
  const hn::RepartitionToWide<Lanes> pairs;
  const auto ab_lower = hn::BitCast(pairs, hn::InterleaveLower(lanes, a, b));
  const auto ab_upper = hn::BitCast(pairs, hn::InterleaveUpper(lanes, a, b));
  const auto cd_lower = hn::BitCast(pairs, hn::InterleaveLower(lanes, c, d));
  const auto cd_upper = hn::BitCast(pairs, hn::InterleaveUpper(lanes, c, d));
  a = hn::BitCast(lanes, hn::InterleaveLower(pairs, ab_lower, cd_lower));
  b = hn::BitCast(lanes, hn::InterleaveUpper(pairs, ab_lower, cd_lower));
  c = hn::BitCast(lanes, hn::InterleaveLower(pairs, ab_upper, cd_upper));
  d = hn::BitCast(lanes, hn::InterleaveUpper(pairs, ab_upper, cd_upper));
}

}  // namespace HWY_NAMESPACE
}  // namespace timbre::augment
HWY_AFTER_NAMESPACE();

#endif
