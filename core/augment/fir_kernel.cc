// ConvolveCentred of fir.h: few taps directly, many by overlap-save. The blocks of a window are transformed
// side by side, two in each lane as the real and the imaginary part of one signal: the taps are symmetric and
// real, and so is their spectrum, so that neither part leaks into the other. The taps themselves take the
// last lane of the first round.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/augment/fir_kernel.cc"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "core/augment/fir.h"
#include "core/augment/fir_fft-inl.h"
#include "core/augment/fir_twiddles.h"
#include "core/augment/scratch.h"

#ifndef TIMBRE_AUGMENT_FIR_KERNEL_ONCE
#define TIMBRE_AUGMENT_FIR_KERNEL_ONCE
namespace timbre::augment {

// How a window is cut: block b reads padded[b * step, ... + fft_size) and gives out[b * step, ... + step).
struct FirPlan {
  size_t half = 0;  // taps on each side of the middle
  size_t fft_size = 0;
  size_t step = 0;
  size_t blocks = 0;
};

}  // namespace timbre::augment
#endif

HWY_BEFORE_NAMESPACE();
namespace timbre::augment {
namespace HWY_NAMESPACE {

// out[i] = sum of taps[k] * padded[i + k]; `out` has room for whole steps of 4 vectors, `padded` for what
// they read.
void ConvolveDirectly(const float* HWY_RESTRICT padded, std::span<const float> taps, float* HWY_RESTRICT out,
                      size_t samples) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const size_t last = taps.size() - 1;
  for (size_t begin = 0; begin < samples; begin += 4 * lanes) {
    const float* x = padded + begin + last / 2;
    const auto middle = hn::Set(d, taps[last / 2]);
    auto y0 = hn::Mul(middle, hn::LoadU(d, x));
    auto y1 = hn::Mul(middle, hn::LoadU(d, x + lanes));
    auto y2 = hn::Mul(middle, hn::LoadU(d, x + 2 * lanes));
    auto y3 = hn::Mul(middle, hn::LoadU(d, x + 3 * lanes));
    for (size_t k = 1; k <= last / 2; ++k) {
      const auto tap = hn::Set(d, taps[last / 2 + k]);
      const float* later = x + k;
      const float* earlier = x - k;
      const auto pair = [&](size_t i) HWY_ATTR {
        return hn::Mul(tap, hn::Add(hn::LoadU(d, later + i * lanes), hn::LoadU(d, earlier + i * lanes)));
      };
      y0 = hn::Add(y0, pair(0));
      y1 = hn::Add(y1, pair(1));
      y2 = hn::Add(y2, pair(2));
      y3 = hn::Add(y3, pair(3));
    }
    hn::StoreU(y0, d, out + begin);
    hn::StoreU(y1, d, out + begin + lanes);
    hn::StoreU(y2, d, out + begin + 2 * lanes);
    hn::StoreU(y3, d, out + begin + 3 * lanes);
  }
}

// Rows of samples <-> points: lane l of the real (part 0) or imaginary (part 1) half is row[l].
HWY_INLINE void LoadRows(const float* const* row, size_t samples, float* points, size_t part) {
  for (size_t i = 0; i < samples; i += 4) {
    Vector v[4];
    for (size_t r = 0; r < 4; ++r) v[r] = LoadQuads(Lanes(), row[r] + i, row[(r + 4) % kLanes] + i);
    Transpose(v[0], v[1], v[2], v[3]);
    for (size_t r = 0; r < 4; ++r) hn::Store(v[r], Lanes(), points + (i + r) * kPointFloats + part * kLanes);
  }
}

HWY_INLINE void StoreRows(const float* points, size_t samples, float* const* row, size_t part) {
  for (size_t i = 0; i < samples; i += 4) {
    Vector v[4];
    for (size_t r = 0; r < 4; ++r) v[r] = hn::Load(Lanes(), points + (i + r) * kPointFloats + part * kLanes);
    Transpose(v[0], v[1], v[2], v[3]);
    for (size_t r = 0; r < 4; ++r) StoreQuads(Lanes(), v[r], row[r] + i, row[(r + 4) % kLanes] + i);
  }
}

// The taps around sample 0 of the last lane, so that their spectrum is real.
HWY_INLINE void PutTaps(std::span<const float> taps, size_t size, float* points) {
  HWY_DASSERT(size > 0);
  const size_t half = taps.size() / 2;
  for (size_t i = 0; i < size; ++i) {
    points[i * kPointFloats + kLanes - 1] = 0;
    points[i * kPointFloats + 2 * kLanes - 1] = 0;
  }
  for (size_t k = 0; k < taps.size(); ++k) {
    const size_t at = (k + size - half) % size;
    points[at * kPointFloats + kLanes - 1] = taps[k];
  }
}

HWY_INLINE void TakeResponse(const float* points, size_t size, float* response) {
  const float scale = 1.0F / static_cast<float>(size);
  for (size_t i = 0; i < size; ++i) response[i] = points[i * kPointFloats + kLanes - 1] * scale;
}

HWY_INLINE void Multiply(float* points, const float* response, size_t size) {
  const Lanes lanes;
  for (size_t i = 0; i < size; ++i) {
    const auto factor = hn::Set(lanes, response[i]);
    float* at = points + i * kPointFloats;
    hn::Store(hn::Mul(hn::Load(lanes, at), factor), lanes, at);
    hn::Store(hn::Mul(hn::Load(lanes, at + kLanes), factor), lanes, at + kLanes);
  }
}

// `padded` holds (blocks - 1) * step + fft_size samples, then fft_size zeros; `out` gets blocks * step, then
// room for one block more.
void OverlapSave(const FirPlan& plan, std::span<const float> taps, const float* padded, float* out) {
  thread_local Scratch scratch;
  float* points = scratch.Get(plan.fft_size * (kPointFloats + 1));
  float* response = points + plan.fft_size * kPointFloats;
  const Twiddles& twiddles = TwiddlesFor(plan.fft_size);
  const float* const zeros = padded + (plan.blocks - 1) * plan.step + plan.fft_size;
  float* const nowhere = out + plan.blocks * plan.step;
  bool first = true;
  for (size_t block = 0; block < plan.blocks;) {
    // Neighbours share a lane, however many lanes there are: how a transform rounds depends on both of its
    // parts.
    const float* from[2][kLanes];
    float* to[2][kLanes];
    for (size_t lane = 0; lane < kLanes; ++lane) {
      for (size_t part = 0; part < 2; ++part) {
        const bool used = block < plan.blocks && !(first && lane == kLanes - 1);
        from[part][lane] = used ? padded + block * plan.step : zeros;
        to[part][lane] = used ? out + block * plan.step : nowhere;
        if (used) ++block;
      }
    }
    for (size_t part = 0; part < 2; ++part) LoadRows(from[part], plan.fft_size, points, part);
    if (first) PutTaps(taps, plan.fft_size, points);
    Forward(points, twiddles);
    if (first) TakeResponse(points, plan.fft_size, response);
    first = false;
    Multiply(points, response, plan.fft_size);
    Inverse(points, twiddles);
    const float* valid = points + plan.half * kPointFloats;
    for (size_t part = 0; part < 2; ++part) StoreRows(valid, plan.step, to[part], part);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace timbre::augment
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace timbre::augment {
namespace {

HWY_EXPORT(ConvolveDirectly);
HWY_EXPORT(OverlapSave);

// Above this many taps the transform is faster.
constexpr size_t kMaxDirectTaps = 64;

// The direct convolution works in steps of four vectors, of at most 64 floats each.
constexpr size_t kDirectSlack = 256;

// The size that transforms the fewest points times stages. It counts with 8 lanes on every machine, since
// another size rounds differently.
FirPlan PlanOverlapSave(size_t samples, size_t taps) {
  FirPlan best;
  size_t least_work = SIZE_MAX;
  const size_t smallest = std::bit_ceil(std::max<size_t>(taps + 4, 512));
  for (size_t size = smallest; size <= 8 * smallest; size *= 2) {
    FirPlan plan{.half = taps / 2, .fft_size = size};
    plan.step = (size - taps + 1) / 4 * 4;
    plan.blocks = (samples + plan.step - 1) / plan.step;
    const size_t rounds = (plan.blocks + 2 + 15) / 16;
    const size_t work = rounds * size * static_cast<size_t>(std::countr_zero(size));
    if (work < least_work) {
      least_work = work;
      best = plan;
    }
  }
  return best;
}

// `window` between repetitions of its end samples, zeros up to `total`.
void Pad(std::span<const float> window, size_t half, size_t total, float* padded) {
  float* end = std::fill_n(padded, half, window.front());
  end = std::copy(window.begin(), window.end(), end);
  end = std::fill_n(end, half, window.back());
  std::fill(end, std::max(end, padded + total), 0.0F);
}

}  // namespace

void ConvolveCentred(std::span<const float> window, std::span<const float> taps, std::span<float> out) {
  if (window.empty()) return;
  thread_local Scratch scratch;
  const size_t samples = window.size();
  const size_t half = taps.size() / 2;
  const bool direct = taps.size() <= kMaxDirectTaps;
  const FirPlan plan = direct ? FirPlan{} : PlanOverlapSave(samples, taps.size());
  const size_t read =
      direct ? samples + 2 * half + kDirectSlack : (plan.blocks - 1) * plan.step + 2 * plan.fft_size;
  const size_t padded_floats = std::max(read, samples + 2 * half);
  const size_t out_floats = direct ? samples + kDirectSlack : (plan.blocks + 1) * plan.step;
  float* padded = scratch.Get(padded_floats + out_floats);
  float* filtered = padded + padded_floats;
  Pad(window, half, read, padded);
  if (direct) {
    HWY_DYNAMIC_DISPATCH(ConvolveDirectly)(padded, taps, filtered, samples);
  } else {
    HWY_DYNAMIC_DISPATCH(OverlapSave)(plan, taps, padded, filtered);
  }
  std::copy_n(filtered, samples, out.begin());
}

}  // namespace timbre::augment
#endif
