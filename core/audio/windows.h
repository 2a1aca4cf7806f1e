#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::audio {

// The sample rate of everything behind the decoder.
inline constexpr int kSampleRateHz = 22050;

// The window: 3^10 samples, of which SampleCNN makes exactly one frame (2.678 s at 22,050 Hz).
inline constexpr int64_t kWindowSamples = 59049;

// The shortest audio that is accepted: 0.1 s.
inline constexpr int64_t kMinSamples = 2205;

// Where a window lies in its clip, in samples at 22,050 Hz: [start, start + length). `length` is
// kWindowSamples, or the clip's length where a clip shorter than a window was repeated to fill one.
struct WindowSpan {
  int64_t start_samples = 0;
  int64_t length_samples = 0;

  double start_seconds() const { return static_cast<double>(start_samples) / kSampleRateHz; }
  double end_seconds() const { return static_cast<double>(start_samples + length_samples) / kSampleRateHz; }
  bool operator==(const WindowSpan&) const = default;
};

// The windows of a clip of `total_samples`: they follow each other without gap or overlap; where a tail is
// left, a last window, right-aligned, covers it; a clip shorter than one window is one window. So every
// sample is heard. Errors: kInvalidArgument fewer than kMinSamples.
absl::StatusOr<std::vector<WindowSpan>> PlanWindows(int64_t total_samples);

// Copies one window of a mono clip at 22,050 Hz into `out` [kWindowSamples]; a clip shorter than a window is
// repeated. Samples saturate at +-1, as the PCM cache does. Requires a span from PlanWindows(clip.size()).
void CopyWindow(std::span<const float> clip, const WindowSpan& span, std::span<float> out);

// Cuts a stream into the same windows as PlanWindows + CopyWindow would cut the whole.
//   for each chunk: stream.Push(samples, emit); at the end: stream.Finish(emit)
// Memory: at most two windows. Threads: compatible.
class WindowStream {
 public:
  struct Window {
    WindowSpan span;
    std::vector<float> samples;  // [kWindowSamples]
  };

  // Appends mono samples at 22,050 Hz; complete windows are appended to `out`.
  void Push(std::span<const float> samples, std::vector<Window>& out);

  // Appends the last, right-aligned (or repeated) window if a tail is left.
  // Errors: kInvalidArgument the whole stream was shorter than kMinSamples.
  absl::Status Finish(std::vector<Window>& out);

  int64_t total_samples() const { return total_samples_; }

 private:
  // Appends the window that ends with the newest sample and forgets all before it.
  void EmitLast(std::vector<Window>& out);

  std::vector<float> history_;   // the last emitted window, then what came since
  int64_t total_samples_ = 0;    // all samples pushed
  int64_t emitted_samples_ = 0;  // end of the last emitted window
};

}  // namespace timbre::audio
