// AddReverb of reverb.h. The eight combs of a channel lie side by side in the lanes: only the low-pass in
// their loops is sequential in time, and all eight take that step at once. Everything else (the delay lines,
// the all-passes) has no feedback within a block, since every delay is longer than one, and runs along the
// samples.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/augment/reverb_kernel.cc"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include <algorithm>
#include <bit>

#include "core/augment/reverb.h"
#include "core/augment/scratch.h"
#include "core/augment/transpose-inl.h"

#ifndef TIMBRE_AUGMENT_REVERB_KERNEL_ONCE
#define TIMBRE_AUGMENT_REVERB_KERNEL_ONCE
namespace timbre::augment {

inline constexpr size_t kReverbBlock = 16;  // the shortest delay, a comb at room scale 0, has 56 samples

// A ring of delayed samples. A block is written at a multiple of the block's length and so never wraps; one
// that is read may, so the ring's first block is kept behind its end too.
struct ReverbLine {
  float* ring;
  size_t delay;
};

struct ReverbLines {
  size_t comb_mask;
  size_t all_pass_mask;
  ReverbLine combs[2][ReverbPlan::kCombs];
  ReverbLine all_passes[2][ReverbPlan::kAllPasses];
};

}  // namespace timbre::augment
#endif

HWY_BEFORE_NAMESPACE();
namespace timbre::augment {
namespace HWY_NAMESPACE {

constexpr float kWetGain = 0.015F;
constexpr float kAllPassGain = 0.5F;

// Far below what a float sample can show, but keeps the fading loops out of denormal numbers, which are slow.
constexpr float kAntiDenormal = 1e-18F;

// How many vectors the eight combs of one channel fill.
constexpr size_t kGroups = ReverbPlan::kCombs / kLanes;

struct CombFilters {
  Vector feedback;
  Vector damping;
  Vector passing;      // 1 - damping
  Vector store[2][2];  // [channel][group]: what each comb's low-pass remembers
};

// The sum over the combs of four samples.
template <class D>
HWY_INLINE void StoreSum(D d, const hn::Vec<D> (&sums)[kGroups], float* sum) {
  if constexpr (kGroups == 1) {
    const hn::Half<D> quad;
    hn::StoreU(hn::Add(hn::UpperHalf(quad, sums[0]), hn::LowerHalf(quad, sums[0])), quad, sum);
  } else {
    hn::StoreU(hn::Add(sums[kGroups - 1], sums[0]), d, sum);
  }
}

// Four samples of the combs of one channel: `sum` gets the sum of their outputs.
template <size_t kChannel>
HWY_INLINE void RunCombs(const ReverbLines& lines, CombFilters& filters, size_t at, const float* in,
                         float* sum) {
  const Lanes lanes;
  const size_t mask = lines.comb_mask;
  const auto input = hn::LoadDup128(lanes, in);
  Vector sums[kGroups];
  for (size_t g = 0; g < kGroups; ++g) {
    const ReverbLine* lower = lines.combs[kChannel] + 4 * g;
    const ReverbLine* upper = lower + 4 * (kLanes / 8);
    Vector row[4];
    for (size_t i = 0; i < 4; ++i) {
      row[i] = LoadQuads(Lanes(), lower[i].ring + ((at - lower[i].delay) & mask),
                         upper[i].ring + ((at - upper[i].delay) & mask));
    }
    sums[g] = hn::Add(hn::Add(row[3], row[2]), hn::Add(row[1], row[0]));
    Transpose(row[0], row[1], row[2], row[3]);
    for (size_t i = 0; i < 4; ++i) {
      auto& store = filters.store[kChannel][g];
      store = hn::Add(hn::Mul(row[i], filters.passing), hn::Mul(store, filters.damping));
      row[i] = store;
    }
    Transpose(row[0], row[1], row[2], row[3]);
    for (size_t i = 0; i < 4; ++i) {
      const auto value = hn::Add(input, hn::Mul(row[i], filters.feedback));
      StoreQuads(Lanes(), value, lower[i].ring + (at & mask), upper[i].ring + (at & mask));
    }
  }
  StoreSum(lanes, sums, sum);
}

HWY_INLINE void RunAllPass(const ReverbLine& line, size_t mask, size_t at, float* HWY_RESTRICT block) {
  const Lanes lanes;
  const float* HWY_RESTRICT read = line.ring + ((at - line.delay) & mask);
  float* HWY_RESTRICT write = line.ring + (at & mask);
  const auto gain = hn::Set(lanes, kAllPassGain);
  for (size_t i = 0; i < kReverbBlock; i += kLanes) {
    const auto in = hn::Load(lanes, block + i);
    const auto out = hn::LoadU(lanes, read + i);
    hn::StoreU(hn::Add(in, hn::Mul(out, gain)), lanes, write + i);
    hn::Store(hn::Sub(out, in), lanes, block + i);
  }
}

// Keeps the copy of a ring's first block behind its end.
HWY_INLINE void MirrorStart(const ReverbLine& line, size_t mask, size_t at) {
  if ((at & mask) == 0) std::copy_n(line.ring, kReverbBlock, line.ring + mask + 1);
}

HWY_INLINE void FinishChannel(const ReverbLines& lines, size_t channel, size_t at,
                              float* HWY_RESTRICT block) {
  for (const ReverbLine& comb : lines.combs[channel]) MirrorStart(comb, lines.comb_mask, at);
  for (size_t i = ReverbPlan::kAllPasses; i-- > 0;) {
    const ReverbLine& all_pass = lines.all_passes[channel][i];
    RunAllPass(all_pass, lines.all_pass_mask, at, block);
    MirrorStart(all_pass, lines.all_pass_mask, at);
  }
}

// One block: `samples` [kReverbBlock], changed in place.
HWY_INLINE void RunBlock(const ReverbLines& lines, CombFilters& filters, size_t at,
                         float* HWY_RESTRICT samples) {
  const Lanes lanes;
  HWY_ALIGN float in[kReverbBlock];
  HWY_ALIGN float left[kReverbBlock];
  HWY_ALIGN float right[kReverbBlock];
  const auto one = hn::Set(lanes, 1.0F);
  const auto minus_one = hn::Set(lanes, -1.0F);
  const auto clip = [&](Vector v) HWY_ATTR { return hn::Min(hn::Max(v, minus_one), one); };
  for (size_t i = 0; i < kReverbBlock; i += kLanes) {
    hn::Store(hn::Add(clip(hn::LoadU(lanes, samples + i)), hn::Set(lanes, kAntiDenormal)), lanes, in + i);
  }
  for (size_t i = 0; i < kReverbBlock; i += 4) {
    RunCombs<0>(lines, filters, at + i, in + i, left + i);
    RunCombs<1>(lines, filters, at + i, in + i, right + i);
  }
  FinishChannel(lines, 0, at, left);
  FinishChannel(lines, 1, at, right);
  const auto gain = hn::Set(lanes, kWetGain);
  const auto half = hn::Set(lanes, 0.5F);
  for (size_t i = 0; i < kReverbBlock; i += kLanes) {
    const auto dry = clip(hn::LoadU(lanes, samples + i));
    const auto l = clip(hn::Add(dry, hn::Mul(hn::Load(lanes, left + i), gain)));
    const auto r = clip(hn::Add(dry, hn::Mul(hn::Load(lanes, right + i), gain)));
    hn::StoreU(hn::Mul(half, hn::Add(l, r)), lanes, samples + i);
  }
}

void RunReverb(std::span<float> window, const ReverbPlan& plan, const ReverbLines& lines) {
  const Lanes lanes;
  CombFilters filters;
  filters.feedback = hn::Set(lanes, plan.feedback);
  filters.damping = hn::Set(lanes, plan.damping);
  filters.passing = hn::Set(lanes, 1 - plan.damping);
  for (auto& channel : filters.store) std::fill(channel, channel + 2, hn::Zero(lanes));
  const size_t whole = window.size() / kReverbBlock * kReverbBlock;
  for (size_t at = 0; at < whole; at += kReverbBlock) RunBlock(lines, filters, at, window.data() + at);
  if (whole == window.size()) return;
  float tail[kReverbBlock] = {};
  std::copy(window.begin() + static_cast<std::ptrdiff_t>(whole), window.end(), tail);
  RunBlock(lines, filters, whole, tail);
  std::copy_n(tail, window.size() - whole, window.begin() + static_cast<std::ptrdiff_t>(whole));
}

}  // namespace HWY_NAMESPACE
}  // namespace timbre::augment
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace timbre::augment {
namespace {

HWY_EXPORT(RunReverb);

template <size_t kCount>
size_t RingSamples(const std::array<std::array<size_t, kCount>, 2>& delays) {
  size_t longest = 0;
  for (const auto& channel : delays)
    longest = std::max(longest, *std::max_element(channel.begin(), channel.end()));
  return std::bit_ceil(longest + kReverbBlock);
}

// Silent delay lines in this thread's scratch.
ReverbLines SilentLines(const ReverbPlan& plan) {
  thread_local Scratch scratch;
  const size_t comb_ring = RingSamples(plan.comb_samples);
  const size_t all_pass_ring = RingSamples(plan.all_pass_samples);
  const size_t total = 2 * ReverbPlan::kCombs * (comb_ring + kReverbBlock) +
                       2 * ReverbPlan::kAllPasses * (all_pass_ring + kReverbBlock);
  float* next = scratch.Get(total);
  std::fill_n(next, total, 0.0F);
  ReverbLines lines{
      .comb_mask = comb_ring - 1, .all_pass_mask = all_pass_ring - 1, .combs = {}, .all_passes = {}};
  for (size_t channel = 0; channel < 2; ++channel) {
    for (size_t i = 0; i < ReverbPlan::kCombs; ++i, next += comb_ring + kReverbBlock)
      lines.combs[channel][i] = {next, plan.comb_samples[channel][i]};
    for (size_t i = 0; i < ReverbPlan::kAllPasses; ++i, next += all_pass_ring + kReverbBlock)
      lines.all_passes[channel][i] = {next, plan.all_pass_samples[channel][i]};
  }
  return lines;
}

}  // namespace

void AddReverb(std::span<float> window, const ReverbSetting& setting) {
  const ReverbPlan plan = PlanReverb(setting);
  HWY_DYNAMIC_DISPATCH(RunReverb)(window, plan, SilentLines(plan));
}

}  // namespace timbre::augment
#endif
