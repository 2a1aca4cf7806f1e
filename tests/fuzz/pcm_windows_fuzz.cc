#include <cmath>

#include "core/audio/decoder.h"
#include "core/audio/resampler.h"
#include "core/audio/windows.h"
#include "tests/fuzz/targets.h"

namespace timbre::fuzz {

// Bytes 0 to 5: the format; then the samples.
void FuzzPcmWindows(Bytes bytes) {
  Input input(bytes);
  audio::PcmFormat format;
  format.sample_format = input.Below(2) == 0 ? audio::SampleFormat::kInt16 : audio::SampleFormat::kFloat32;
  format.channels = static_cast<int8_t>(input.Byte());
  format.sample_rate_hz = static_cast<int>(input.Word());
  audio::DecodeLimits limits;
  limits.max_duration = absl::Seconds(12);
  const auto decoded = audio::DecodePcm(std::as_bytes(input.Rest()), format, limits);
  if (!decoded.ok()) return;
  for (const float x : decoded->samples) Require(std::isfinite(x), "samples are finite");
  const auto resampled = audio::ResampleTo22050(*decoded);
  if (!resampled.ok()) return;
  const auto plan = audio::PlanWindows(static_cast<int64_t>(resampled->samples.size()));
  if (!plan.ok()) return;
  std::vector<float> window(audio::kWindowSamples);
  int64_t covered = 0;
  for (const audio::WindowSpan& span : *plan) {
    Require(span.start_samples <= covered, "windows leave no gap");
    covered = span.start_samples + span.length_samples;
    audio::CopyWindow(resampled->samples, span, window);
    for (const float x : window) Require(std::abs(x) <= 1, "a window lies in [-1, 1]");
  }
  Require(covered == static_cast<int64_t>(resampled->samples.size()), "every sample is heard");
}

}  // namespace timbre::fuzz
