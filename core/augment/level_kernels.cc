#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/augment/level_kernels.cc"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include <algorithm>

#include "core/augment/level_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace timbre::augment {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Plain loops: the compiler makes vectors of them for each target.
void NegateLoop(float* x, size_t samples) {
  for (size_t i = 0; i < samples; ++i) x[i] = -x[i];
}

void ScaleLoop(float* x, size_t samples, float factor) {
  for (size_t i = 0; i < samples; ++i) {
    const float scaled = x[i] * factor;
    const float floored = scaled < -1.0F ? -1.0F : scaled;
    x[i] = floored > 1.0F ? 1.0F : floored;
  }
}

void SubtractLoop(float* HWY_RESTRICT a, const float* HWY_RESTRICT b, size_t samples) {
  for (size_t i = 0; i < samples; ++i) a[i] -= b[i];
}

// From the end, so that what is read is not yet changed; in vectors where they are shorter than the delay.
void EchoLoop(float* x, size_t samples, size_t offset, float volume) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const auto loudness = hn::Set(d, volume);
  const auto half = hn::Set(d, 0.5F);
  size_t t = samples;
  if (offset >= lanes) {
    for (; t >= offset + lanes; t -= lanes) {
      float* at = x + t - lanes;
      const auto echo = hn::Mul(loudness, hn::LoadU(d, at - offset));
      hn::StoreU(hn::Mul(half, hn::Add(hn::LoadU(d, at), echo)), d, at);
    }
  }
  for (; t > offset; --t) x[t - 1] = 0.5F * (x[t - 1] + volume * x[t - 1 - offset]);
  for (size_t i = 0; i < std::min(t, offset); ++i) x[i] *= 0.5F;
}

}  // namespace HWY_NAMESPACE
}  // namespace timbre::augment
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace timbre::augment {
namespace {

HWY_EXPORT(NegateLoop);
HWY_EXPORT(ScaleLoop);
HWY_EXPORT(SubtractLoop);
HWY_EXPORT(EchoLoop);

}  // namespace

void Negate(std::span<float> window) { HWY_DYNAMIC_DISPATCH(NegateLoop)(window.data(), window.size()); }

void ScaleClamped(std::span<float> window, float factor) {
  HWY_DYNAMIC_DISPATCH(ScaleLoop)(window.data(), window.size(), factor);
}

void MixEcho(std::span<float> window, size_t offset_samples, float volume) {
  HWY_DYNAMIC_DISPATCH(EchoLoop)(window.data(), window.size(), offset_samples, volume);
}

void Subtract(std::span<float> a, std::span<const float> b) {
  HWY_DYNAMIC_DISPATCH(SubtractLoop)(a.data(), b.data(), a.size());
}

}  // namespace timbre::augment
#endif
