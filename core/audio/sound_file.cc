#include "core/audio/sound_file.h"

#include <sndfile.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace timbre::audio {
namespace {

// libsndfile's view of a source.
struct Cursor {
  ByteSource* source;
  int64_t position = 0;
  // Bytes shown in place of the source's own, and where.
  std::vector<std::byte> patch;
  int64_t patch_offset = 0;
};

Cursor& At(void* user_data) { return *static_cast<Cursor*>(user_data); }

sf_count_t Length(void* user_data) { return At(user_data).source->size_bytes(); }

sf_count_t Seek(sf_count_t offset, int whence, void* user_data) {
  Cursor& cursor = At(user_data);
  const int64_t base = whence == SEEK_SET   ? 0
                       : whence == SEEK_CUR ? cursor.position
                                            : cursor.source->size_bytes();
  cursor.position = std::clamp<int64_t>(base + offset, 0, cursor.source->size_bytes());
  return cursor.position;
}

sf_count_t ReadBytes(void* out, sf_count_t count, void* user_data) {
  if (count <= 0) return 0;
  Cursor& cursor = At(user_data);
  const size_t done =
      cursor.source->ReadAt(cursor.position, {static_cast<std::byte*>(out), static_cast<size_t>(count)});
  for (size_t i = 0; i < cursor.patch.size(); ++i) {
    const int64_t place = cursor.patch_offset + static_cast<int64_t>(i) - cursor.position;
    if (place >= 0 && place < static_cast<int64_t>(done))
      static_cast<std::byte*>(out)[place] = cursor.patch[i];
  }
  cursor.position += static_cast<int64_t>(done);
  return static_cast<sf_count_t>(done);
}

sf_count_t WriteNothing(const void*, sf_count_t, void*) { return 0; }

sf_count_t Tell(void* user_data) { return At(user_data).position; }

// libsndfile believes a WAV written to a pipe whose data has 0 bytes, and refuses a CAF that says "not known"
// by -1.
void ShowWholeData(Cursor& cursor, Container container) {
  const bool wav = container == Container::kWav;
  if (!wav && container != Container::kCaf) return;
  const auto claim = ReadDataClaim(*cursor.source, container);
  if (!claim || claim->claimed_bytes || claim->available_bytes <= 0) return;
  const int64_t size = wav ? std::min<int64_t>(claim->available_bytes, 0xfffffffe) : claim->available_bytes;
  const int bytes = wav ? 4 : 8;  // little endian in WAV, big in CAF
  for (int i = 0; i < bytes; ++i) {
    cursor.patch.push_back(static_cast<std::byte>(size >> (8 * (wav ? i : bytes - 1 - i))));
  }
  cursor.patch_offset = claim->size_field_offset;
}

// Bytes of one sample; 0 for codecs without a fixed size.
int SampleBytes(int subtype) {
  switch (subtype) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
      return 1;
    case SF_FORMAT_PCM_16:
      return 2;
    case SF_FORMAT_PCM_24:
      return 3;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
      return 4;
    case SF_FORMAT_DOUBLE:
      return 8;
    default:
      return 0;
  }
}

bool IsAllowed(int format) {
  const int subtype = format & SF_FORMAT_SUBMASK;
  switch (format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_WAV:
    case SF_FORMAT_WAVEX:
    case SF_FORMAT_AIFF:
    case SF_FORMAT_AU:
    case SF_FORMAT_CAF:
    case SF_FORMAT_FLAC:
      return SampleBytes(subtype) > 0;
    case SF_FORMAT_OGG:
      return subtype == SF_FORMAT_VORBIS || subtype == SF_FORMAT_OPUS;
    case SF_FORMAT_MPEG:
      return subtype == SF_FORMAT_MPEG_LAYER_III;
    default:
      return false;
  }
}

absl::Status Truncated(int64_t promised_frames, int64_t frames) {
  return absl::InvalidArgumentError(absl::StrCat("the audio is truncated or broken: its header promises ",
                                                 promised_frames, " frames, ", frames,
                                                 " are there; send the whole file"));
}

}  // namespace

struct SoundFile::Handle {
  Cursor cursor;
  Container container = Container::kUnknown;
  SF_INFO info{};
  SNDFILE* file = nullptr;
  int64_t frames_read = 0;

  ~Handle() {
    if (file != nullptr) sf_close(file);
  }
};

SoundFile::SoundFile(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
SoundFile::~SoundFile() = default;
int SoundFile::channels() const { return handle_->info.channels; }
int SoundFile::sample_rate_hz() const { return handle_->info.samplerate; }

absl::StatusOr<std::unique_ptr<SoundFile>> SoundFile::Open(ByteSource& source) {
  if (source.size_bytes() == 0) return absl::InvalidArgumentError("the audio is empty (0 bytes)");
  auto handle = std::make_unique<Handle>();
  handle->cursor.source = &source;
  handle->container = SniffContainer(source);
  if (handle->container == Container::kUnknown) {
    return absl::InvalidArgumentError(absl::StrCat("unknown audio format; allowed: ", kAllowedFormats));
  }
  ShowWholeData(handle->cursor, handle->container);
  SF_VIRTUAL_IO io{Length, Seek, ReadBytes, WriteNothing, Tell};
  handle->file = sf_open_virtual(&io, SFM_READ, &handle->info, &handle->cursor);
  // libsndfile keeps the reason in a global that other threads overwrite, so it is not told.
  if (handle->file == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the audio cannot be opened: its header is broken or cut off; allowed: ", kAllowedFormats));
  }
  if (!IsAllowed(handle->info.format)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the codec of this file is not supported; allowed: ", kAllowedFormats,
                     " (PCM, float, A-law and mu-law inside WAV, "
                     "AIFF, CAF and AU)"));
  }
  return std::unique_ptr<SoundFile>(new SoundFile(std::move(handle)));
}

absl::Status SoundFile::CheckPromise() const {
  const auto claim = ReadDataClaim(*handle_->cursor.source, handle_->container);
  if (!claim || !claim->claimed_bytes) return absl::OkStatus();
  const int64_t frame_bytes = SampleBytes(handle_->info.format & SF_FORMAT_SUBMASK) * channels();
  if (frame_bytes == 0 || *claim->claimed_bytes - claim->available_bytes < frame_bytes)
    return absl::OkStatus();
  return Truncated(*claim->claimed_bytes / frame_bytes,
                   std::max<int64_t>(claim->available_bytes, 0) / frame_bytes);
}

int64_t SoundFile::promised_frames() const {
  const int64_t promised = handle_->info.frames;
  const bool unknown = promised <= 0 || promised == SF_COUNT_MAX;
  return unknown || handle_->container == Container::kMp3 ? 0 : promised;
}

absl::StatusOr<int64_t> SoundFile::Read(std::span<float> interleaved) {
  const auto capacity = static_cast<sf_count_t>(interleaved.size()) / channels();
  const sf_count_t frames = sf_readf_float(handle_->file, interleaved.data(), capacity);
  handle_->frames_read += frames;
  if (frames == 0 && sf_error(handle_->file) != SF_ERR_NO_ERROR) {
    TIMBRE_RETURN_IF_ERROR(CheckComplete());
    return absl::InvalidArgumentError(absl::StrCat("the audio is broken after frame ", handle_->frames_read,
                                                   ": ", sf_strerror(handle_->file)));
  }
  return frames;
}

absl::Status SoundFile::CheckComplete() const {
  if (handle_->container == Container::kOgg || handle_->frames_read >= promised_frames())
    return absl::OkStatus();
  return Truncated(promised_frames(), handle_->frames_read);
}

}  // namespace timbre::audio
