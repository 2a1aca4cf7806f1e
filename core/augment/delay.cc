#include "core/augment/delay.h"

#include "core/audio/windows.h"
#include "core/augment/level_kernels.h"

namespace timbre::augment {

void Delay::Apply(std::span<float> window, base::Random& random) const {
  const int64_t steps = (int64_t{config_.max_ms} - config_.min_ms - 1) / config_.step_ms;
  const int64_t delay_ms = config_.min_ms + random.UniformInt(0, steps) * config_.step_ms;
  AddEcho(window, static_cast<size_t>(delay_ms * audio::kSampleRateHz / 1000), config_.echo_volume);
}

void AddEcho(std::span<float> window, size_t offset_samples, double echo_volume) {
  MixEcho(window, offset_samples, static_cast<float>(echo_volume));
}

}  // namespace timbre::augment
