#include <cmath>

#include "core/audio/decoder.h"
#include "core/audio/windows.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {
namespace {

// Small, so that a second is enough for many inputs.
audio::DecodeLimits Limits() {
  audio::DecodeLimits limits;
  limits.max_duration = absl::Seconds(12);
  limits.max_channels = 8;
  limits.max_expansion = 2000;
  return limits;
}

void RequireWindows(const std::vector<float>& samples) {
  const auto plan = audio::PlanWindows(static_cast<int64_t>(samples.size()));
  Require(plan.ok() == (static_cast<int64_t>(samples.size()) >= audio::kMinSamples),
          "audio has windows unless it is too short");
  if (!plan.ok()) return;
  std::vector<float> window(audio::kWindowSamples);
  for (const audio::WindowSpan& span : {plan->front(), plan->back()}) {
    audio::CopyWindow(samples, span, window);
    for (const float x : window) Require(std::abs(x) <= 1, "a window lies in [-1, 1]");
  }
}

}  // namespace

void FuzzAudioDecoder(Bytes bytes) {
  const audio::DecodeLimits limits = Limits();
  const auto encoded = std::as_bytes(bytes);
  const auto resampled = audio::DecodeBytesTo22050(encoded, limits);
  const auto decoded = audio::DecodeBytes(encoded, limits);
  Require(resampled.ok() == decoded.ok(), "resampling changes nothing of what is refused");
  if (!decoded.ok()) {
    Require(!decoded.status().message().empty(), "an error says why");
    Require(decoded.status() == resampled.status(), "one input has one error");
    return;
  }
  Require(!decoded->samples.empty(), "what is accepted has samples");
  Require(decoded->sample_rate_hz >= limits.min_sample_rate_hz &&
              decoded->sample_rate_hz <= limits.max_sample_rate_hz,
          "the rate is within the limits");
  const double seconds = static_cast<double>(decoded->samples.size()) / decoded->sample_rate_hz;
  Require(seconds <= absl::ToDoubleSeconds(limits.max_duration), "the length is within the limit");
  for (const float x : decoded->samples) Require(std::isfinite(x), "samples are finite");
  for (const float x : resampled->samples) Require(!std::isnan(x), "resampled samples are numbers");
  RequireWindows(resampled->samples);
}

}  // namespace timbre::fuzz
