#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "core/audio/decoder.h"

namespace timbre::audio {

// What is louder is no sample in any scale, 32-bit integers taken for numbers included, and could become
// infinite in a resampler.
inline constexpr float kLoudestSample = 4294967296.0F;

// Appends the mean over the channels of interleaved frames to `mono`.
// Errors: kInvalidArgument a sample is NaN, infinite or beyond kLoudestSample; says which frame of the
// stream, `mono.size()` being the first.
absl::Status AppendMono(std::span<const float> interleaved, int channels, int64_t first_frame,
                        std::vector<float>& mono);

// Errors: kInvalidArgument · kResourceExhausted, as DecodeBytes.
absl::Status CheckShape(int channels, int sample_rate_hz, const DecodeLimits& limits);
absl::Status CheckDuration(int64_t frames, int sample_rate_hz, const DecodeLimits& limits);

// Whether `encoded_bytes` may become that many frames. Errors: kInvalidArgument, as DecodeBytes.
absl::Status CheckExpansion(int64_t frames, int sample_rate_hz, int64_t encoded_bytes,
                            const DecodeLimits& limits);

}  // namespace timbre::audio
