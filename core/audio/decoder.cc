#include "core/audio/decoder.h"

#include <sndfile.h>
#include <soxr.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/audio/byte_source.h"
#include "core/audio/sample_reader.h"
#include "core/audio/windows.h"
#include "core/base/status_macros.h"

namespace timbre::audio {
namespace {

absl::StatusOr<Waveform> Decode(ByteSource& source, const DecodeLimits& limits) {
  TIMBRE_ASSIGN_OR_RETURN(const auto reader, BlockReader::Open(source, limits));
  Waveform waveform{.samples = {}, .sample_rate_hz = reader->sample_rate_hz()};
  while (true) {
    TIMBRE_ASSIGN_OR_RETURN(const std::span<const float> mono, reader->Next());
    if (mono.empty()) return waveform;
    waveform.samples.insert(waveform.samples.end(), mono.begin(), mono.end());
  }
}

absl::StatusOr<Waveform> DecodeTo22050(absl::StatusOr<std::unique_ptr<SampleReader>> reader) {
  if (!reader.ok()) return reader.status();
  Waveform waveform{.samples = {}, .sample_rate_hz = kSampleRateHz};
  for (bool more = true; more;) {
    TIMBRE_ASSIGN_OR_RETURN(more, (*reader)->Read(waveform.samples));
  }
  return waveform;
}

}  // namespace

absl::StatusOr<Waveform> DecodeBytes(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  MemorySource source(bytes);
  return Decode(source, limits);
}

absl::StatusOr<Waveform> DecodeFile(const std::filesystem::path& path, const DecodeLimits& limits) {
  TIMBRE_ASSIGN_OR_RETURN(FileSource source, FileSource::Open(path));
  return Decode(source, limits);
}

absl::StatusOr<Waveform> DecodeBytesTo22050(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  return DecodeTo22050(SampleReader::Open(std::make_unique<MemorySource>(bytes), limits));
}

absl::StatusOr<Waveform> DecodeFileTo22050(const std::filesystem::path& path, const DecodeLimits& limits) {
  return DecodeTo22050(SampleReader::OpenFile(path, limits));
}

absl::Status StreamFileTo22050(const std::filesystem::path& path, const DecodeLimits& limits,
                               const SampleSink& sink) {
  TIMBRE_ASSIGN_OR_RETURN(const auto reader, SampleReader::OpenFile(path, limits));
  std::vector<float> ready;
  for (bool more = true; more;) {
    ready.clear();
    TIMBRE_ASSIGN_OR_RETURN(more, reader->Read(ready));
    TIMBRE_RETURN_IF_ERROR(sink(ready));
  }
  return absl::OkStatus();
}

std::string DecoderVersion() { return absl::StrCat(sf_version_string(), " ", soxr_version()); }

}  // namespace timbre::audio
