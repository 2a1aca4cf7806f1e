#include "core/audio/chunk_decoder.h"
#include "tests/fuzz/targets.h"
#include "tests/support/temp_dir.h"

namespace timbre::fuzz {
namespace {

constexpr int kRates[] = {22050, 44100, 48000, 8000, 3999, 384000, 22051, 0};

absl::StatusOr<std::unique_ptr<audio::ChunkDecoder>> MakeDecoder(Input& input) {
  static const auto* const spool = new testing::TempDir();
  audio::DecodeLimits limits;
  limits.max_duration = absl::Seconds(12);
  const uint8_t kind = input.Byte();
  if (kind % 4 == 0) return audio::ChunkDecoder::ForEncoded(spool->path(), 1 << 20, limits);
  audio::PcmFormat format;
  format.sample_format = kind % 2 == 0 ? audio::SampleFormat::kFloat32 : audio::SampleFormat::kInt16;
  format.sample_rate_hz = kRates[input.Below(std::size(kRates))];
  format.channels = static_cast<int>(input.Below(20));
  return audio::ChunkDecoder::ForPcm(format, limits);
}

}  // namespace

// Byte 0: PCM or encoded; then a format; then chunks, each led by its length.
void FuzzChunkDecoder(Bytes bytes) {
  Input input(bytes);
  const auto decoder = MakeDecoder(input);
  if (!decoder.ok()) return;
  int64_t end_samples = 0;
  const auto take_windows = [&] {
    while (true) {
      const auto window = (*decoder)->Next();
      if (!window.ok() || !window->has_value()) return window.ok();
      const audio::WindowSpan span = (*window)->span;
      Require((*window)->samples.size() == audio::kWindowSamples, "a window is whole");
      Require(span.start_samples <= end_samples, "windows leave no gap");
      Require(span.start_samples + span.length_samples > end_samples, "each window brings something new");
      end_samples = span.start_samples + span.length_samples;
    }
  };
  while (!input.empty()) {
    const size_t length = size_t{input.Byte()} * (1 + input.Below(4) * 64);
    if (!(*decoder)->Push(std::as_bytes(input.Take(length))).ok()) return;
    if (!take_windows()) return;
  }
  if (!(*decoder)->Close().ok() || !take_windows()) return;
  Require(static_cast<double>(end_samples) / audio::kSampleRateHz == (*decoder)->audio_seconds(),
          "the windows reach to the end");
}

}  // namespace timbre::fuzz
