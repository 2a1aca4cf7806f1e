#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/random.h"

namespace timbre::augment {

// One way to make another view of a window.
// Shapes: mono samples at 22,050 Hz; the length is kept.
// Threads: Apply is const and safe; the random stream belongs to the caller.
class Effect {
 public:
  virtual ~Effect() = default;
  virtual std::string_view name() const = 0;
  // Draws its parameters from `random` and changes `window` in place.
  virtual void Apply(std::span<float> window, base::Random& random) const = 0;
};

// The configuration of each effect; defaults are the tutorial's (torchaudio-augmentations v0.2.4 as its
// notebook calls it).
struct PolarityConfig {};  // x -> -x
struct NoiseConfig {
  double min_ratio = 0.001, max_ratio = 0.005;
};  // noise RMS / signal std, amplitude
struct GainConfig {
  double min_db = -20, max_db = -1;
};                          // then clamped to [-1, 1]
struct HighLowPassConfig {  // a fair coin: high-pass or low-pass
  double high_pass_min_hz = 200, high_pass_max_hz = 1200;
  double low_pass_min_hz = 2200, low_pass_max_hz = 4000;
};
struct DelayConfig {  // echo; delays min, min + step, ... < max
  double echo_volume = 0.5;
  int min_ms = 200, max_ms = 500, step_ms = 50;
};
struct ReverbConfig {  // integers in [min, max)
  int min_reverberance = 0, max_reverberance = 100;
  int min_damping = 0, max_damping = 100;
  int min_room_scale = 0, max_room_scale = 100;
};

struct HighPassConfig {
  double min_hz = 200, max_hz = 1200;
};
struct LowPassConfig {
  double min_hz = 2200, max_hz = 4000;
};
struct PitchShiftConfig {  // whole cents, both ends included
  int min_cents = -700, max_cents = 700;
};
struct ReverseConfig {};  // backwards

// New ones go to the end: the fingerprint of a training counts on the order.
using EffectParameters =
    std::variant<PolarityConfig, NoiseConfig, GainConfig, HighLowPassConfig, DelayConfig, ReverbConfig,
                 HighPassConfig, LowPassConfig, PitchShiftConfig, ReverseConfig>;

// One link of the chain: the effect and the probability that it is applied.
struct EffectConfig {
  EffectParameters parameters;
  double probability = 1;
};

using ChainConfig = std::vector<EffectConfig>;

// The tutorial's chain, in its order: polarity .8, noise .3, gain .2, high/low-pass always, delay .5, reverb
// .3.
ChainConfig TutorialChain();

// CLMR's chain (github.com/Spijkervet/CLMR, main.py with config.yaml of release 2), in its order: polarity
// .8, noise (60 to 40 dB) .01, gain .3, high/low-pass .8, delay .3, pitch shift .6, reverb .6.
ChainConfig ClmrChain();

// Makes an effect. Errors: kInvalidArgument a range that is empty, negative or beyond Nyquist; says field and
// limit.
absl::StatusOr<std::unique_ptr<Effect>> MakeEffect(const EffectParameters& parameters);

}  // namespace timbre::augment
