#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/audio/decoder.h"
#include "core/audio/mono.h"
#include "core/base/status_macros.h"

namespace timbre::audio {
namespace {

static_assert(std::endian::native == std::endian::little,
              "request PCM is little endian and is copied as it is");

constexpr size_t kBlockFrames = 4096;

size_t SampleBytes(SampleFormat format) { return format == SampleFormat::kInt16 ? 2 : 4; }

// bytes.size() is out.size() samples.
void ToFloat(std::span<const std::byte> bytes, SampleFormat format, std::span<float> out) {
  if (format == SampleFormat::kFloat32) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return;
  }
  for (size_t i = 0; i < out.size(); ++i) {
    int16_t sample = 0;
    std::memcpy(&sample, bytes.data() + 2 * i, sizeof(sample));
    out[i] = static_cast<float>(sample) / 32768.0F;
  }
}

}  // namespace

absl::Status CheckPcmFormat(const PcmFormat& format, const DecodeLimits& limits) {
  return CheckShape(format.channels, format.sample_rate_hz, limits);
}

absl::StatusOr<Waveform> DecodePcm(std::span<const std::byte> bytes, const PcmFormat& format,
                                   const DecodeLimits& limits) {
  TIMBRE_RETURN_IF_ERROR(CheckPcmFormat(format, limits));
  if (bytes.empty()) return absl::InvalidArgumentError("the PCM is empty (0 bytes)");
  const size_t sample_bytes = SampleBytes(format.sample_format);
  const size_t frame_bytes = sample_bytes * static_cast<size_t>(format.channels);
  if (bytes.size() % frame_bytes != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the PCM has ", bytes.size(), " bytes, no whole number of frames of ", frame_bytes, " bytes"));
  }
  const auto frames = static_cast<int64_t>(bytes.size() / frame_bytes);
  TIMBRE_RETURN_IF_ERROR(CheckDuration(frames, format.sample_rate_hz, limits));

  Waveform waveform{.samples = {}, .sample_rate_hz = format.sample_rate_hz};
  if (format.channels == 1 && format.sample_format == SampleFormat::kInt16) {  // nothing to mix, all finite
    waveform.samples.resize(static_cast<size_t>(frames));
    ToFloat(bytes, format.sample_format, waveform.samples);
    return waveform;
  }
  waveform.samples.reserve(static_cast<size_t>(frames));
  std::vector<float> block(kBlockFrames * static_cast<size_t>(format.channels));
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kBlockFrames * frame_bytes));
    bytes = bytes.subspan(piece.size());
    const auto samples = std::span(block).first(piece.size() / sample_bytes);
    ToFloat(piece, format.sample_format, samples);
    TIMBRE_RETURN_IF_ERROR(AppendMono(samples, format.channels, static_cast<int64_t>(waveform.samples.size()),
                                      waveform.samples));
  }
  return waveform;
}

}  // namespace timbre::audio
