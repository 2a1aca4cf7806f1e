// Rows of fp32 or bf16 in memory, fp32 in registers: what the kernels of inference and of training load and
// store by. Included once for each target of Highway's foreach_target.h.

#if defined(TIMBRE_ENGINE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TIMBRE_ENGINE_ROWS_INL_H_
#undef TIMBRE_ENGINE_ROWS_INL_H_
#else
#define TIMBRE_ENGINE_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include "core/engine/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace timbre::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = HWY_CAPPED(float, 16);
using V = hn::Vec<D>;

HWY_INLINE V LoadRow(D d, const float* p) { return hn::LoadU(d, p); }
HWY_INLINE V LoadRow(D d, const Bf16* p) {
  const hn::Rebind<uint16_t, D> half;
  const hn::Rebind<uint32_t, D> whole;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(whole, hn::LoadU(half, p))));
}

// What a LoadRow will see of `v` after it was stored: the pointer says as what. Highway 1.0 truncates; this
// rounds to nearest even.
HWY_INLINE V RoundRow(D /*d*/, V v, const float* /*type*/) { return v; }
HWY_INLINE V RoundRow(D d, V v, const Bf16* /*type*/) {
  const hn::Rebind<uint32_t, D> whole;
  const auto bits = hn::BitCast(whole, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(whole, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(whole, 0x7FFF)));
  return hn::BitCast(d, hn::And(rounded, hn::Set(whole, 0xFFFF0000U)));
}

// Stores, and gives back what a LoadRow will see.
HWY_INLINE V StoreRow(D d, V v, float* p) {
  hn::StoreU(v, d, p);
  return v;
}
HWY_INLINE V StoreRow(D d, V v, Bf16* p) {
  const hn::Rebind<uint16_t, D> half;
  const hn::Rebind<uint32_t, D> whole;
  const V rounded = RoundRow(d, v, p);
  hn::StoreU(hn::TruncateTo(half, hn::ShiftRight<16>(hn::BitCast(whole, rounded))), half, p);
  return rounded;
}

}  // namespace timbre::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
