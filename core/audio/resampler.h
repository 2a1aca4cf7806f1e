#pragma once

#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/audio/waveform.h"

namespace timbre::audio {

// Resamples a mono stream to 22,050 Hz (libsoxr, high quality). The output does not depend on how the input
// is cut into chunks; at 22,050 Hz input passes through untouched. The whole output has round(n * 22050 /
// rate) samples. Threads: compatible.
class StreamResampler {
 public:
  static absl::StatusOr<std::unique_ptr<StreamResampler>> Create(int input_rate_hz);
  virtual ~StreamResampler() = default;

  // Appends what is ready to `out`.
  virtual absl::Status Push(std::span<const float> samples, std::vector<float>& out) = 0;

  // Appends the rest. No Push afterwards.
  virtual absl::Status Finish(std::vector<float>& out) = 0;
};

// The whole of a clip at 22,050 Hz: a StreamResampler fed once.
absl::StatusOr<Waveform> ResampleTo22050(Waveform input);

}  // namespace timbre::audio
