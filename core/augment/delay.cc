#include "core/augment/delay.h"

#include "core/audio/windows.h"

namespace timbre::augment {

void Delay::Apply(std::span<float> window, base::Random& random) const {
  const int64_t steps = (int64_t{config_.max_ms} - config_.min_ms - 1) / config_.step_ms;
  const int64_t delay_ms = config_.min_ms + random.UniformInt(0, steps) * config_.step_ms;
  AddEcho(window, static_cast<size_t>(delay_ms * audio::kSampleRateHz / 1000), config_.echo_volume);
}

void AddEcho(std::span<float> window, size_t offset_samples, double echo_volume) {
  const auto volume = static_cast<float>(echo_volume);
  // Backwards, so that what is read is not yet changed.
  for (size_t t = window.size(); t-- > 0;) {
    const float echo = t >= offset_samples ? window[t - offset_samples] : 0.0F;
    window[t] = (window[t] + volume * echo) / 2;
  }
}

}  // namespace timbre::augment
