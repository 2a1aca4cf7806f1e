#include "core/audio/sample_reader.h"

#include <utility>

#include "core/audio/mono.h"
#include "core/base/status_macros.h"

namespace timbre::audio {
namespace {

constexpr size_t kBlockFrames = 4096;

}  // namespace

absl::StatusOr<std::unique_ptr<BlockReader>> BlockReader::Open(ByteSource& source,
                                                               const DecodeLimits& limits) {
  std::unique_ptr<BlockReader> reader(new BlockReader(source, limits));
  TIMBRE_ASSIGN_OR_RETURN(reader->file_, SoundFile::Open(source));
  const SoundFile& file = *reader->file_;
  TIMBRE_RETURN_IF_ERROR(CheckShape(file.channels(), file.sample_rate_hz(), limits));
  TIMBRE_RETURN_IF_ERROR(file.CheckPromise());
  reader->interleaved_.resize(kBlockFrames * static_cast<size_t>(file.channels()));
  return reader;
}

absl::Status BlockReader::CheckPromisedDuration() const {
  return CheckDuration(file_->promised_frames(), file_->sample_rate_hz(), limits_);
}

absl::StatusOr<std::span<const float>> BlockReader::Next() {
  TIMBRE_ASSIGN_OR_RETURN(const int64_t count, file_->Read(interleaved_));
  mono_.clear();
  if (count == 0) {
    TIMBRE_RETURN_IF_ERROR(file_->CheckComplete());
    if (frames_ == 0) return absl::InvalidArgumentError("the audio holds no samples (0 frames decoded)");
    return mono_;
  }
  const int channels = file_->channels(), rate_hz = file_->sample_rate_hz();
  TIMBRE_RETURN_IF_ERROR(CheckDuration(frames_ + count, rate_hz, limits_));
  TIMBRE_RETURN_IF_ERROR(CheckExpansion(frames_ + count, rate_hz, source_.size_bytes(), limits_));
  const auto block = std::span(interleaved_).first(static_cast<size_t>(count * channels));
  TIMBRE_RETURN_IF_ERROR(AppendMono(block, channels, frames_, mono_));
  frames_ += count;
  return mono_;
}

absl::StatusOr<std::unique_ptr<SampleReader>> SampleReader::OpenFile(const std::filesystem::path& path,
                                                                     const DecodeLimits& limits) {
  TIMBRE_ASSIGN_OR_RETURN(FileSource source, FileSource::Open(path));
  return Open(std::make_unique<FileSource>(std::move(source)), limits);
}

absl::StatusOr<std::unique_ptr<SampleReader>> SampleReader::Open(std::unique_ptr<ByteSource> source,
                                                                 const DecodeLimits& limits) {
  std::unique_ptr<SampleReader> reader(new SampleReader);
  reader->source_ = std::move(source);
  TIMBRE_ASSIGN_OR_RETURN(reader->blocks_, BlockReader::Open(*reader->source_, limits));
  TIMBRE_ASSIGN_OR_RETURN(reader->resampler_, StreamResampler::Create(reader->blocks_->sample_rate_hz()));
  return reader;
}

absl::StatusOr<bool> SampleReader::Read(std::vector<float>& out) {
  TIMBRE_ASSIGN_OR_RETURN(const std::span<const float> mono, blocks_->Next());
  if (mono.empty()) {
    TIMBRE_RETURN_IF_ERROR(resampler_->Finish(out));
    return false;
  }
  TIMBRE_RETURN_IF_ERROR(resampler_->Push(mono, out));
  return true;
}

}  // namespace timbre::audio
