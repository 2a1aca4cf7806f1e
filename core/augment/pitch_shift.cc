#include "core/augment/pitch_shift.h"

#include <SoundTouch.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/audio/windows.h"

namespace timbre::augment {

static_assert(std::is_same_v<soundtouch::SAMPLETYPE, float>, "a SoundTouch of float samples is wanted");

void ShiftPitch(std::span<float> window, int cents) {
  if (window.empty() || cents == 0) return;
  // A fresh one each time: clear() does not reset all of its state, and a view must not depend on the one
  // before.
  soundtouch::SoundTouch shifter;
  shifter.setSampleRate(audio::kSampleRateHz);
  shifter.setChannels(1);
  shifter.setSetting(SETTING_SEQUENCE_MS, 82);
  shifter.setSetting(SETTING_SEEKWINDOW_MS, 14);
  shifter.setSetting(SETTING_OVERLAP_MS, 12);
  shifter.setPitch(std::exp2(cents / 1200.0));
  shifter.putSamples(window.data(), static_cast<unsigned>(window.size()));
  shifter.flush();
  size_t filled = 0;
  while (filled < window.size()) {
    const auto wanted = static_cast<unsigned>(window.size() - filled);
    const unsigned got = shifter.receiveSamples(window.data() + filled, wanted);
    if (got == 0) break;
    filled += got;
  }
  std::fill(window.begin() + static_cast<std::ptrdiff_t>(filled), window.end(), 0.0F);
}

void PitchShift::Apply(std::span<float> window, base::Random& random) const {
  ShiftPitch(window, static_cast<int>(random.UniformInt(config_.min_cents, config_.max_cents)));
}

}  // namespace timbre::augment
