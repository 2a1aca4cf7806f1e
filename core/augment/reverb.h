#pragma once

#include <array>
#include <cstddef>

#include "core/augment/effect.h"

namespace timbre::augment {

// One setting of the reverb, each 0..100 as sox takes them.
struct ReverbSetting {
  int reverberance = 50;
  int damping = 50;
  int room_scale = 100;
};

// What a setting means for Freeverb: 8 parallel combs, then 4 all-passes, for a left and a right channel.
struct ReverbPlan {
  static constexpr size_t kCombs = 8;
  static constexpr size_t kAllPasses = 4;

  float feedback = 0;                                        // of the combs
  float damping = 0;                                         // of the one-pole low-pass in each comb's loop
  std::array<std::array<size_t, kCombs>, 2> comb_samples{};  // [left/right][comb]
  std::array<std::array<size_t, kAllPasses>, 2> all_pass_samples{};
};

// The plan at 22,050 Hz, as sox's reverb (libSoX 14.4.2, reverb.c): feedback 0.3 to 0.98, damping 0.2 to 0.5,
// comb lengths scaled by 0.1 to 1, the right channel's lengths 12 samples (at 44,100 Hz) longer and shorter
// in turn.
ReverbPlan PlanReverb(const ReverbSetting& setting);

// Freeverb as sox runs it on mono: left and right are dry + wet, each clipped at +-1, then averaged. The dry
// signal stays at full level; the tail beyond the window is cut, so the length is kept.
void AddReverb(std::span<float> window, const ReverbSetting& setting);

// Draws reverberance, damping and room scale as independent integers from the configured ranges.
class Reverb final : public Effect {
 public:
  explicit Reverb(const ReverbConfig& config) : config_(config) {}
  std::string_view name() const override { return "reverb"; }
  void Apply(std::span<float> window, base::Random& random) const override;

 private:
  const ReverbConfig config_;
};

}  // namespace timbre::augment
