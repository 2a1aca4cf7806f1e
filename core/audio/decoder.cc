#include "core/audio/decoder.h"

#include <sndfile.h>
#include <soxr.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/audio/byte_source.h"
#include "core/audio/mono.h"
#include "core/audio/resampler.h"
#include "core/audio/sound_file.h"
#include "core/audio/windows.h"
#include "core/base/status_macros.h"

namespace timbre::audio {
namespace {

constexpr size_t kBlockFrames = 4096;

// Takes the mono samples block by block, with their rate.
using BlockSink = std::function<absl::Status(int sample_rate_hz, std::span<const float> mono)>;

absl::Status DecodeBlocks(ByteSource& source, const DecodeLimits& limits, const BlockSink& sink) {
  TIMBRE_ASSIGN_OR_RETURN(const std::unique_ptr<SoundFile> file, SoundFile::Open(source));
  TIMBRE_RETURN_IF_ERROR(CheckShape(file->channels(), file->sample_rate_hz(), limits));
  TIMBRE_RETURN_IF_ERROR(file->CheckPromise());
  std::vector<float> interleaved(kBlockFrames * static_cast<size_t>(file->channels()));
  std::vector<float> mono;
  int64_t frames = 0;
  while (true) {
    TIMBRE_ASSIGN_OR_RETURN(const int64_t count, file->Read(interleaved));
    if (count == 0) break;
    TIMBRE_RETURN_IF_ERROR(CheckDuration(frames + count, file->sample_rate_hz(), limits));
    TIMBRE_RETURN_IF_ERROR(
        CheckExpansion(frames + count, file->sample_rate_hz(), source.size_bytes(), limits));
    mono.clear();
    const auto block = std::span(interleaved).first(static_cast<size_t>(count * file->channels()));
    TIMBRE_RETURN_IF_ERROR(AppendMono(block, file->channels(), frames, mono));
    TIMBRE_RETURN_IF_ERROR(sink(file->sample_rate_hz(), mono));
    frames += count;
  }
  TIMBRE_RETURN_IF_ERROR(file->CheckComplete());
  if (frames == 0) return absl::InvalidArgumentError("the audio holds no samples (0 frames decoded)");
  return absl::OkStatus();
}

absl::StatusOr<Waveform> Decode(ByteSource& source, const DecodeLimits& limits) {
  Waveform waveform;
  const auto append = [&waveform](int sample_rate_hz, std::span<const float> mono) {
    waveform.sample_rate_hz = sample_rate_hz;
    waveform.samples.insert(waveform.samples.end(), mono.begin(), mono.end());
    return absl::OkStatus();
  };
  TIMBRE_RETURN_IF_ERROR(DecodeBlocks(source, limits, append));
  return waveform;
}

absl::Status StreamTo22050(ByteSource& source, const DecodeLimits& limits, const SampleSink& sink) {
  std::unique_ptr<StreamResampler> resampler;
  std::vector<float> ready;
  const auto push = [&](int sample_rate_hz, std::span<const float> mono) -> absl::Status {
    if (!resampler) {
      TIMBRE_ASSIGN_OR_RETURN(resampler, StreamResampler::Create(sample_rate_hz));
    }
    ready.clear();
    TIMBRE_RETURN_IF_ERROR(resampler->Push(mono, ready));
    return sink(ready);
  };
  TIMBRE_RETURN_IF_ERROR(DecodeBlocks(source, limits, push));
  ready.clear();
  TIMBRE_RETURN_IF_ERROR(resampler->Finish(ready));
  return sink(ready);
}

absl::StatusOr<Waveform> DecodeTo22050(ByteSource& source, const DecodeLimits& limits) {
  Waveform waveform{.samples = {}, .sample_rate_hz = kSampleRateHz};
  const auto append = [&waveform](std::span<const float> samples) {
    waveform.samples.insert(waveform.samples.end(), samples.begin(), samples.end());
    return absl::OkStatus();
  };
  TIMBRE_RETURN_IF_ERROR(StreamTo22050(source, limits, append));
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
  MemorySource source(bytes);
  return DecodeTo22050(source, limits);
}

absl::StatusOr<Waveform> DecodeFileTo22050(const std::filesystem::path& path, const DecodeLimits& limits) {
  TIMBRE_ASSIGN_OR_RETURN(FileSource source, FileSource::Open(path));
  return DecodeTo22050(source, limits);
}

absl::Status StreamFileTo22050(const std::filesystem::path& path, const DecodeLimits& limits,
                               const SampleSink& sink) {
  TIMBRE_ASSIGN_OR_RETURN(FileSource source, FileSource::Open(path));
  return StreamTo22050(source, limits, sink);
}

std::string DecoderVersion() { return absl::StrCat(sf_version_string(), " ", soxr_version()); }

}  // namespace timbre::audio
