#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/audio/waveform.h"

namespace timbre::audio {

// What is accepted. Defaults are the service's.
struct DecodeLimits {
  int max_channels = 16;
  int min_sample_rate_hz = 4000;
  int max_sample_rate_hz = 384000;
  absl::Duration max_duration = absl::Minutes(60);  // of decoded audio
  // How often larger than its encoded bytes audio may become, counted as 16-bit mono at 22,050 Hz; the first
  // ten seconds are free. Not for PCM.
  double max_expansion = 5000;
};

// Decodes encoded bytes (WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF, CAF, AU: an allow-list of libsndfile's
// formats) and mixes to mono (mean over the channels), at the file's own rate. The decoded length counts,
// never the header's claim; memory grows only with what is really decoded. A file that holds less than its
// header promises is refused where the header is exact (WAV, AIFF, AU, CAF, FLAC); MP3 and Ogg give what
// could be decoded, as do headers that leave the length open (written to a pipe).
// Errors: kInvalidArgument empty, unknown format, no samples, samples that are NaN, infinite or beyond 2^32,
// channels or rate outside the limits, truncated, more audio than max_expansion grants its bytes ·
// kResourceExhausted longer than max_duration. Each says actual and allowed values.
absl::StatusOr<Waveform> DecodeBytes(std::span<const std::byte> bytes, const DecodeLimits& limits);

// The same from a file. Further errors: kNotFound.
absl::StatusOr<Waveform> DecodeFile(const std::filesystem::path& path, const DecodeLimits& limits);

// Decode and ResampleTo22050 in one pass, equal to one after the other: memory holds only the result, so that
// an hour at 384 kHz costs no more than an hour at 22,050 Hz.
absl::StatusOr<Waveform> DecodeBytesTo22050(std::span<const std::byte> bytes, const DecodeLimits& limits);
absl::StatusOr<Waveform> DecodeFileTo22050(const std::filesystem::path& path, const DecodeLimits& limits);

// The same samples in pieces as they come, so that memory does not grow with the length: 4,096 of the
// file's frames at a time. A sink's error ends the decoding and is returned. Samples that were handed on do
// not mean that the file can be used: only OK does.
using SampleSink = std::function<absl::Status(std::span<const float> samples)>;
absl::Status StreamFileTo22050(const std::filesystem::path& path, const DecodeLimits& limits,
                               const SampleSink& sink);

// Names and versions of the libraries that decode and resample: with others, samples may differ.
std::string DecoderVersion();

// Raw PCM of a request.
enum class SampleFormat { kFloat32, kInt16 };  // little endian, interleaved

struct PcmFormat {
  SampleFormat sample_format = SampleFormat::kFloat32;
  int sample_rate_hz = 0;
  int channels = 1;
};

// Errors: kInvalidArgument, as above.
absl::Status CheckPcmFormat(const PcmFormat& format, const DecodeLimits& limits);

// Interleaved PCM bytes to mono. Errors: as above, and kInvalidArgument when the bytes are no whole number of
// frames.
absl::StatusOr<Waveform> DecodePcm(std::span<const std::byte> bytes, const PcmFormat& format,
                                   const DecodeLimits& limits);

}  // namespace timbre::audio
