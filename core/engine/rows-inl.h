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
HWY_INLINE V FromBf16(D d, hn::Vec<hn::Rebind<uint16_t, D>> v) {
  const hn::Rebind<uint32_t, D> whole;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(whole, v)));
}
HWY_INLINE V LoadRow(D d, const Bf16* p) {
  const hn::Rebind<uint16_t, D> half;
  return FromBf16(d, hn::LoadU(half, p));
}

// Rounds to nearest even, which Highway 1.0 does not.
template <Rounding kRounding>
HWY_INLINE hn::Vec<hn::Rebind<uint16_t, D>> ToBf16(D /*d*/, V v) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if constexpr (kRounding == Rounding::kNative) {
    __m256i rounded;  // the assembler knows the instruction, whatever the compiler was told of the CPU
    asm("vcvtneps2bf16 %1, %0" : "=v"(rounded) : "v"(v.raw));
    return hn::Vec<hn::Rebind<uint16_t, D>>{rounded};
  }
#endif
  const hn::Rebind<uint16_t, D> half;
  const hn::Rebind<uint32_t, D> whole;
  const auto bits = hn::BitCast(whole, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(whole, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(whole, 0x7FFF)));
  return hn::TruncateTo(half, hn::ShiftRight<16>(rounded));
}

// What a LoadRow will see of `v` after it was stored: the pointer says as what.
template <Rounding kRounding>
HWY_INLINE V RoundRow(D /*d*/, V v, const float* /*type*/) {
  return v;
}
template <Rounding kRounding>
HWY_INLINE V RoundRow(D d, V v, const Bf16* /*type*/) {
  return FromBf16(d, ToBf16<kRounding>(d, v));
}

// Stores, and gives back what a LoadRow will see.
template <Rounding kRounding>
HWY_INLINE V StoreRow(D d, V v, float* p) {
  hn::StoreU(v, d, p);
  return v;
}
template <Rounding kRounding>
HWY_INLINE V StoreRow(D d, V v, Bf16* p) {
  const hn::Rebind<uint16_t, D> half;
  const auto rounded = ToBf16<kRounding>(d, v);
  hn::StoreU(rounded, half, p);
  return FromBf16(d, rounded);
}

// B^T d of F(3,3): five rows of a tile combined.
struct CombinedRows {
  V v0, v1, v2, v3, v4;
};
HWY_INLINE CombinedRows CombineRows(D d, V d0, V d1, V d2, V d3, V d4) {
  const V two = hn::Set(d, 2.0f), three = hn::Set(d, 3.0f), d3_d1 = hn::Sub(d3, d1);
  return {.v0 = hn::MulAdd(two, hn::Sub(d0, d2), d3_d1),
          .v1 = hn::Sub(d3_d1, hn::Add(d1, d2)),
          .v2 = hn::NegMulAdd(three, d2, hn::MulAdd(two, d1, d3)),
          .v3 = d3_d1,
          .v4 = hn::NegMulAdd(two, d3_d1, hn::Sub(d4, d2))};
}

}  // namespace timbre::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
