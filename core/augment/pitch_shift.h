#pragma once

#include "core/augment/effect.h"

namespace timbre::augment {

// Shifts the pitch and keeps the tempo by a whole number of cents, uniform in min_cents..max_cents, both
// included: time stretching by overlap-add with waveform similarity, then resampling (the library SoundTouch,
// with the segment, search and overlap lengths of sox: 82, 14 and 12 ms).
class PitchShift final : public Effect {
 public:
  explicit PitchShift(const PitchShiftConfig& config) : config_(config) {}
  std::string_view name() const override { return "pitch_shift"; }
  void Apply(std::span<float> window, base::Random& random) const override;

 private:
  const PitchShiftConfig config_;
};

// The shift itself; 1,200 cents are an octave, 0 changes nothing. What comes out too long is cut, too short
// is filled with zeros. Requires |cents| <= 2,400.
void ShiftPitch(std::span<float> window, int cents);

}  // namespace timbre::augment
