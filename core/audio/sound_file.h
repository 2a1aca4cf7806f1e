#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "core/audio/byte_source.h"
#include "core/audio/container.h"

namespace timbre::audio {

// One open audio file: libsndfile behind an allow-list of containers and codecs.
// Threads: compatible. Lifetime: the source must outlive it.
class SoundFile {
 public:
  // Errors: kInvalidArgument empty, unknown or broken container, a codec that is not allowed.
  static absl::StatusOr<std::unique_ptr<SoundFile>> Open(ByteSource& source);
  ~SoundFile();

  int channels() const;
  int sample_rate_hz() const;

  // What an exact header promises beyond what the source can hold is an error; headers that only estimate
  // (MP3, Ogg) or leave the length open promise nothing.
  // Errors: kInvalidArgument truncated, with frames promised and present.
  absl::Status CheckPromise() const;

  // Frames by the header, 0 where it does not know or only estimates (MP3). No more will come.
  int64_t promised_frames() const;

  // Fills `interleaved` (whole frames) and returns how many frames; 0 at the end.
  // Errors: kInvalidArgument the data is broken from here on.
  absl::StatusOr<int64_t> Read(std::span<float> interleaved);

  // To be called at the end. Errors: kInvalidArgument fewer frames were decoded than an exact header
  // promised.
  absl::Status CheckComplete() const;

 private:
  struct Handle;
  explicit SoundFile(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace timbre::audio
