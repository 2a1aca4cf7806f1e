#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/audio/decoder.h"
#include "core/audio/resampler.h"
#include "core/audio/sample_reader.h"
#include "core/audio/windows.h"

namespace timbre::audio {

// Turns audio that comes in chunks of any size into the windows that the whole would give.
//   PCM:     windows come as soon as their samples are there, decoded as they are taken; memory: the chunk's
//   bytes and a few windows. What is wrong in the midst of a chunk is found after the windows before it.
//   encoded: the bytes are spooled to a temporary file (decoders want to seek), removed in the destructor;
//   windows come after Close, decoded as they are taken, so that memory is the same for any length. What is
//   wrong in the midst of a file is found after the windows before it.
//     decoder->Push(bytes);  while (auto window = decoder->Next()) use(*window);   ...   decoder->Close();
//     then Next until nothing comes.
// Threads: compatible.
class ChunkDecoder {
 public:
  // Errors: kInvalidArgument the format.
  static absl::StatusOr<std::unique_ptr<ChunkDecoder>> ForPcm(const PcmFormat& format,
                                                              const DecodeLimits& limits);
  // `spool_dir` must exist. Errors: kInternal, kResourceExhausted the spool file.
  static absl::StatusOr<std::unique_ptr<ChunkDecoder>> ForEncoded(const std::filesystem::path& spool_dir,
                                                                  int64_t max_bytes,
                                                                  const DecodeLimits& limits);
  ~ChunkDecoder();

  // The second keeps the chunk of PCM and copies none of it. Errors: kResourceExhausted more bytes than
  // allowed, or the disk is full.
  absl::Status Push(std::span<const std::byte> bytes);
  absl::Status Push(std::string&& chunk);

  // No more chunks. Errors: kInvalidArgument a last frame that is not whole, a header that is wrong or of
  // what is not allowed · kResourceExhausted one of audio that is too long.
  absl::Status Close();

  // The next window that is ready, or nothing. Errors: kInvalidArgument audio that is too short; of PCM
  // samples that are NaN, infinite or beyond 2^32; of encoded audio as DecodeFile: each time again.
  absl::StatusOr<std::optional<WindowStream::Window>> Next();

  double audio_seconds() const { return static_cast<double>(stream_.total_samples()) / kSampleRateHz; }

 private:
  explicit ChunkDecoder(const DecodeLimits& limits) : limits_(limits) {}
  absl::Status CloseEncoded();
  bool HasMore() const;     // beside what is ready
  absl::Status ReadMore();  // of it a part
  absl::Status ReadPcm();

  const DecodeLimits limits_;
  // PCM
  PcmFormat format_;
  std::string pending_;  // bytes not yet decoded, from pending_offset_ on
  size_t pending_offset_ = 0;
  std::unique_ptr<StreamResampler> resampler_;  // null for an encoded stream
  bool flushed_ = false;                        // after Close: the resampler's last samples are out
  // encoded
  std::filesystem::path spool_path_;
  std::ofstream spool_;
  int64_t spooled_bytes_ = 0, max_bytes_ = 0;
  std::unique_ptr<SampleReader> reader_;  // from Close to the last sample
  absl::Status failed_;                   // what it met
  // both
  std::vector<float> ready_;  // mono 22,050 Hz, not yet given to stream_ from ready_offset_ on
  size_t ready_offset_ = 0;
  WindowStream stream_;
  std::vector<WindowStream::Window> windows_;  // complete, oldest first
  bool closed_ = false, finished_ = false;
};

}  // namespace timbre::audio
