#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/audio/windows.h"
#include "core/augment/delay.h"
#include "core/augment/effect.h"
#include "core/augment/gain.h"
#include "core/augment/noise.h"
#include "core/augment/pass_filters.h"
#include "core/augment/pitch_shift.h"
#include "core/augment/polarity.h"
#include "core/augment/reverb.h"
#include "core/augment/reverse.h"
#include "core/base/status_macros.h"

namespace timbre::augment {
namespace {

using EffectOr = absl::StatusOr<std::unique_ptr<Effect>>;

// A drawn parameter: its field names' common part, the configured range and what is allowed.
struct Range {
  const char* field;  // e.g. "ratio" for min_ratio and max_ratio
  double min;
  double max;
  double lowest;
  double highest;
  bool may_be_one_value = true;  // min == max; not for integer ranges that exclude max
};

absl::Status Check(const Range& range) {
  const bool inside = range.min >= range.lowest && range.max <= range.highest;  // false for NaN
  const bool ordered = range.may_be_one_value ? range.min <= range.max : range.min < range.max;
  if (inside && ordered) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(range.field, " range [", range.min, ", ", range.max, "] is not allowed: it needs ",
                   range.lowest, " <= min ", range.may_be_one_value ? "<=" : "<", " max <= ", range.highest));
}

constexpr double kLongestMs = 1000.0 * audio::kWindowSamples / audio::kSampleRateHz;
constexpr double kMostCents = 2400;     // two octaves
constexpr double kLowestCutoffHz = 20;  // the filter grows as the cutoff falls; nothing is heard below
constexpr double kHighestCutoffHz = audio::kSampleRateHz / 2.0 - 1;

EffectOr Make(const PolarityConfig&) { return std::make_unique<Polarity>(); }

EffectOr Make(const NoiseConfig& config) {
  TIMBRE_RETURN_IF_ERROR(Check({"noise ratio", config.min_ratio, config.max_ratio, 0, 10}));
  return std::make_unique<Noise>(config);
}

EffectOr Make(const GainConfig& config) {
  TIMBRE_RETURN_IF_ERROR(Check({"gain db", config.min_db, config.max_db, -120, 60}));
  return std::make_unique<Gain>(config);
}

absl::Status CheckCutoff(const char* field, double min_hz, double max_hz) {
  return Check({field, min_hz, max_hz, kLowestCutoffHz, kHighestCutoffHz});
}

EffectOr Make(const HighPassConfig& config) {
  TIMBRE_RETURN_IF_ERROR(CheckCutoff("high_pass hz", config.min_hz, config.max_hz));
  return std::make_unique<HighPassFilter>(config);
}

EffectOr Make(const LowPassConfig& config) {
  TIMBRE_RETURN_IF_ERROR(CheckCutoff("low_pass hz", config.min_hz, config.max_hz));
  return std::make_unique<LowPassFilter>(config);
}

EffectOr Make(const HighLowPassConfig& config) {
  TIMBRE_RETURN_IF_ERROR(CheckCutoff("high_pass hz", config.high_pass_min_hz, config.high_pass_max_hz));
  TIMBRE_RETURN_IF_ERROR(CheckCutoff("low_pass hz", config.low_pass_min_hz, config.low_pass_max_hz));
  return std::make_unique<HighLowPass>(config);
}

EffectOr Make(const DelayConfig& config) {
  TIMBRE_RETURN_IF_ERROR(Check({"delay ms", static_cast<double>(config.min_ms),
                                static_cast<double>(config.max_ms), 1, std::floor(kLongestMs), false}));
  if (config.step_ms < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("delay step_ms ", config.step_ms, " is not allowed: it must be at least 1"));
  }
  TIMBRE_RETURN_IF_ERROR(Check({"delay echo_volume", config.echo_volume, config.echo_volume, 0, 1}));
  return std::make_unique<Delay>(config);
}

EffectOr Make(const ReverbConfig& config) {
  const auto check = [](const char* field, int min, int max) {
    return Check({field, static_cast<double>(min), static_cast<double>(max), 0, 101, false});
  };
  TIMBRE_RETURN_IF_ERROR(check("reverb reverberance", config.min_reverberance, config.max_reverberance));
  TIMBRE_RETURN_IF_ERROR(check("reverb damping", config.min_damping, config.max_damping));
  TIMBRE_RETURN_IF_ERROR(check("reverb room_scale", config.min_room_scale, config.max_room_scale));
  return std::make_unique<Reverb>(config);
}

EffectOr Make(const PitchShiftConfig& config) {
  TIMBRE_RETURN_IF_ERROR(Check({"pitch_shift cents", static_cast<double>(config.min_cents),
                                static_cast<double>(config.max_cents), -kMostCents, kMostCents}));
  return std::make_unique<PitchShift>(config);
}

EffectOr Make(const ReverseConfig&) { return std::make_unique<Reverse>(); }

}  // namespace

EffectOr MakeEffect(const EffectParameters& parameters) {
  return std::visit([](const auto& config) { return Make(config); }, parameters);
}

ChainConfig TutorialChain() {
  return {{PolarityConfig{}, 0.8},  {NoiseConfig{}, 0.3}, {GainConfig{}, 0.2},
          {HighLowPassConfig{}, 1}, {DelayConfig{}, 0.5}, {ReverbConfig{}, 0.3}};
}

ChainConfig ClmrChain() {
  return {{PolarityConfig{}, 0.8}, {NoiseConfig{.min_ratio = 0.0001, .max_ratio = 0.01}, 0.01},
          {GainConfig{}, 0.3},     {HighLowPassConfig{}, 0.8},
          {DelayConfig{}, 0.3},    {PitchShiftConfig{}, 0.6},
          {ReverbConfig{}, 0.6}};
}

}  // namespace timbre::augment
