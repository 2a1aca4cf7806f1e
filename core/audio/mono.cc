#include "core/audio/mono.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/audio/windows.h"
#include "core/base/exhausted.h"

namespace timbre::audio {
namespace {

// A form that compilers turn into vector code.
bool AllAllowed(std::span<const float> samples) {
  constexpr uint32_t kMagnitude = 0x7FFFFFFF, kMost = std::bit_cast<uint32_t>(kLoudestSample);
  bool allowed = true;
  for (const float sample : samples) allowed &= (std::bit_cast<uint32_t>(sample) & kMagnitude) <= kMost;
  return allowed;
}

}  // namespace

absl::Status AppendMono(std::span<const float> interleaved, int channels, int64_t first_frame,
                        std::vector<float>& mono) {
  // One channel is its own mean; what is not allowed is left to the loop below, which says where.
  if (channels == 1 && AllAllowed(interleaved)) {
    mono.insert(mono.end(), interleaved.begin(), interleaved.end());
    return absl::OkStatus();
  }
  const auto step = static_cast<size_t>(channels);
  for (size_t i = 0; i + step <= interleaved.size(); i += step) {
    const auto frame = interleaved.subspan(i, step);
    double sum = 0;
    for (const float sample : frame) sum += sample;
    if (!AllAllowed(frame)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the audio holds a sample that is NaN, infinite or beyond 2^32 in frame ",
                       first_frame + static_cast<int64_t>(i / step),
                       "; samples are finite numbers, of which [-1, 1] is heard"));
    }
    mono.push_back(static_cast<float>(sum / channels));
  }
  return absl::OkStatus();
}

absl::Status CheckShape(int channels, int sample_rate_hz, const DecodeLimits& limits) {
  if (channels < 1 || channels > limits.max_channels) {
    return absl::InvalidArgumentError(
        absl::StrCat("the audio has ", channels, " channels; 1 to ", limits.max_channels, " are allowed"));
  }
  if (sample_rate_hz < limits.min_sample_rate_hz || sample_rate_hz > limits.max_sample_rate_hz) {
    return absl::InvalidArgumentError(absl::StrCat("the audio has a sample rate of ", sample_rate_hz, " Hz; ",
                                                   limits.min_sample_rate_hz, " to ",
                                                   limits.max_sample_rate_hz, " Hz are allowed"));
  }
  return absl::OkStatus();
}

absl::Status CheckDuration(int64_t frames, int sample_rate_hz, const DecodeLimits& limits) {
  const double seconds = static_cast<double>(frames) / sample_rate_hz;
  if (seconds <= absl::ToDoubleSeconds(limits.max_duration)) return absl::OkStatus();
  return base::ExhaustedError(
      base::Exhausted::kLimit,
      absl::StrCat("the audio is too long: at least ", seconds, " s; at most ",
                   absl::FormatDuration(limits.max_duration), " are allowed; send it in pieces"));
}

absl::Status CheckExpansion(int64_t frames, int sample_rate_hz, int64_t encoded_bytes,
                            const DecodeLimits& limits) {
  constexpr double kBytesPerSecond = 2.0 * kSampleRateHz, kFreeSeconds = 10;
  const double seconds = static_cast<double>(frames) / sample_rate_hz;
  const double allowed = limits.max_expansion * static_cast<double>(encoded_bytes) / kBytesPerSecond;
  if (seconds <= kFreeSeconds + allowed) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the audio grows too much when decoded: ", encoded_bytes,
                                                 " bytes gave more than ", kFreeSeconds + allowed, " s (",
                                                 limits.max_expansion, " times their size as 16-bit mono at ",
                                                 kSampleRateHz, " Hz); encode it less tightly or send PCM"));
}

}  // namespace timbre::audio
