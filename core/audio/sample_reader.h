#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/audio/byte_source.h"
#include "core/audio/decoder.h"
#include "core/audio/resampler.h"
#include "core/audio/sound_file.h"

namespace timbre::audio {

// The mono samples of encoded audio, block by block at the file's own rate, within the limits. Errors: as
// DecodeBytes, those of the header by Open. Threads: compatible. Lifetime: the source outlives it.
class BlockReader {
 public:
  static absl::StatusOr<std::unique_ptr<BlockReader>> Open(ByteSource& source, const DecodeLimits& limits);

  // Whether the header promises more than the limit. Errors: kResourceExhausted.
  absl::Status CheckPromisedDuration() const;

  // The next block, good until the next call; empty at the end of a file that is whole.
  absl::StatusOr<std::span<const float>> Next();

  int sample_rate_hz() const { return file_->sample_rate_hz(); }

 private:
  BlockReader(ByteSource& source, const DecodeLimits& limits) : source_(source), limits_(limits) {}

  ByteSource& source_;
  const DecodeLimits limits_;
  std::unique_ptr<SoundFile> file_;
  std::vector<float> interleaved_, mono_;
  int64_t frames_ = 0;
};

// The samples of StreamFileTo22050, taken when they are wanted: memory does not grow with the length, and
// whoever reads decides when to go on. Threads: compatible.
class SampleReader {
 public:
  // Errors: as DecodeFile, as far as the header shows them.
  static absl::StatusOr<std::unique_ptr<SampleReader>> OpenFile(const std::filesystem::path& path,
                                                                const DecodeLimits& limits);
  // Of bytes that outlive it.
  static absl::StatusOr<std::unique_ptr<SampleReader>> Open(std::unique_ptr<ByteSource> source,
                                                            const DecodeLimits& limits);

  // For who acts on samples before all have come. Errors: kResourceExhausted the header promises more than
  // the limit.
  absl::Status CheckPromisedDuration() const { return blocks_->CheckPromisedDuration(); }

  // Appends what 4,096 frames of the file give to `out`, or nothing yet. False: all has come, and the file is
  // whole. No call after that or after an error. Errors: as DecodeFile.
  absl::StatusOr<bool> Read(std::vector<float>& out);

 private:
  SampleReader() = default;

  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<BlockReader> blocks_;
  std::unique_ptr<StreamResampler> resampler_;
};

}  // namespace timbre::audio
