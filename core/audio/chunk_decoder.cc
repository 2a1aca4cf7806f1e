#include "core/audio/chunk_decoder.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/exhausted.h"
#include "core/base/status_macros.h"

namespace timbre::audio {
namespace {

// Of PCM, decoded at a time.
constexpr size_t kFramesAtOnce = 16384;

size_t FrameBytes(const PcmFormat& format) {
  return static_cast<size_t>(format.channels) * (format.sample_format == SampleFormat::kFloat32 ? 4 : 2);
}

std::filesystem::path NewSpoolPath(const std::filesystem::path& folder) {
  static std::atomic<uint64_t> counter = 0;
  return folder / absl::StrCat("stream-", ::getpid(), "-", counter.fetch_add(1), ".spool");
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChunkDecoder>> ChunkDecoder::ForPcm(const PcmFormat& format,
                                                                   const DecodeLimits& limits) {
  TIMBRE_RETURN_IF_ERROR(CheckPcmFormat(format, limits));
  std::unique_ptr<ChunkDecoder> decoder(new ChunkDecoder(limits));
  decoder->format_ = format;
  TIMBRE_ASSIGN_OR_RETURN(decoder->resampler_, StreamResampler::Create(format.sample_rate_hz));
  return decoder;
}

absl::StatusOr<std::unique_ptr<ChunkDecoder>> ChunkDecoder::ForEncoded(const std::filesystem::path& spool_dir,
                                                                       int64_t max_bytes,
                                                                       const DecodeLimits& limits) {
  std::unique_ptr<ChunkDecoder> decoder(new ChunkDecoder(limits));
  decoder->max_bytes_ = max_bytes;
  decoder->spool_path_ = NewSpoolPath(spool_dir);
  errno = 0;
  decoder->spool_.open(decoder->spool_path_, std::ios::binary | std::ios::trunc);
  if (!decoder->spool_) return base::ErrnoStatus(errno, "create", decoder->spool_path_);
  return decoder;
}

ChunkDecoder::~ChunkDecoder() {
  if (spool_path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(spool_path_, ignored);
}

absl::Status ChunkDecoder::Push(std::span<const std::byte> bytes) {
  if (closed_) return absl::FailedPreconditionError("audio after the end of the stream");
  if (resampler_) {
    pending_.erase(0, std::exchange(pending_offset_, 0));
    pending_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }
  spooled_bytes_ += static_cast<int64_t>(bytes.size());
  if (spooled_bytes_ > max_bytes_) {
    return base::ExhaustedError(base::Exhausted::kLimit,
                                absl::StrCat("the encoded stream has more than the ", max_bytes_,
                                             " bytes that are allowed; send PCM for longer audio"));
  }
  errno = 0;
  spool_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return spool_ ? absl::OkStatus() : base::ErrnoStatus(errno, "write", spool_path_);
}

absl::Status ChunkDecoder::Push(std::string&& chunk) {
  const bool nothing_left = pending_offset_ == pending_.size();
  if (closed_ || !resampler_ || !nothing_left) return Push(std::as_bytes(std::span(chunk)));
  pending_ = std::move(chunk);
  pending_offset_ = 0;
  return absl::OkStatus();
}

absl::Status ChunkDecoder::Close() {
  if (closed_) return absl::OkStatus();
  closed_ = true;
  if (!resampler_) return CloseEncoded();
  const size_t cut = (pending_.size() - pending_offset_) % FrameBytes(format_);
  if (cut == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the stream ends within a frame: ", cut,
                                                 " bytes are left, a frame has ", FrameBytes(format_)));
}

absl::Status ChunkDecoder::CloseEncoded() {
  errno = 0;
  spool_.close();
  if (!spool_) return base::ErrnoStatus(errno, "write", spool_path_);
  if (spooled_bytes_ == 0) return absl::InvalidArgumentError("the stream has no audio");
  TIMBRE_ASSIGN_OR_RETURN(auto reader, SampleReader::OpenFile(spool_path_, limits_));
  TIMBRE_RETURN_IF_ERROR(reader->CheckPromisedDuration());
  reader_ = std::move(reader);
  return absl::OkStatus();
}

bool ChunkDecoder::HasMore() const {
  if (!resampler_) return reader_ != nullptr;
  return pending_.size() - pending_offset_ >= FrameBytes(format_) || (closed_ && !flushed_);
}

absl::Status ChunkDecoder::ReadPcm() {
  const size_t frame = FrameBytes(format_);
  const size_t frames = std::min((pending_.size() - pending_offset_) / frame, kFramesAtOnce);
  if (frames == 0) {
    flushed_ = true;
    return resampler_->Finish(ready_);
  }
  const auto bytes = std::as_bytes(std::span(pending_)).subspan(pending_offset_, frames * frame);
  TIMBRE_ASSIGN_OR_RETURN(const Waveform mono, DecodePcm(bytes, format_, limits_));
  pending_offset_ += bytes.size();
  // Of a chunk that is used up a stream that waits for the next holds nothing.
  if (pending_.size() - pending_offset_ < frame)
    pending_ = std::string(pending_, std::exchange(pending_offset_, 0));
  return resampler_->Push(mono.samples, ready_);
}

absl::Status ChunkDecoder::ReadMore() {
  ready_.clear();
  ready_offset_ = 0;
  if (resampler_) return ReadPcm();
  const absl::StatusOr<bool> more = reader_->Read(ready_);
  if (!more.ok()) ready_.clear();
  if (!more.ok() || !*more) reader_.reset();
  return more.status();
}

absl::StatusOr<std::optional<WindowStream::Window>> ChunkDecoder::Next() {
  TIMBRE_RETURN_IF_ERROR(failed_);
  while (windows_.empty() && (ready_offset_ < ready_.size() || HasMore())) {
    if (ready_offset_ == ready_.size()) {
      failed_ = ReadMore();
      TIMBRE_RETURN_IF_ERROR(failed_);
    }
    const size_t take = std::min(ready_.size() - ready_offset_, static_cast<size_t>(kWindowSamples));
    stream_.Push(std::span(ready_).subspan(ready_offset_, take), windows_);
    ready_offset_ += take;
  }
  if (windows_.empty() && closed_ && !finished_) {
    finished_ = true;
    TIMBRE_RETURN_IF_ERROR(stream_.Finish(windows_));
  }
  if (windows_.empty()) return std::optional<WindowStream::Window>();
  std::optional<WindowStream::Window> next(std::move(windows_.front()));
  windows_.erase(windows_.begin());
  return next;
}

}  // namespace timbre::audio
