#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/sha256.h"

namespace timbre::dataset {

// A sample of [-1, 1] as int16: x * 32768 rounded to nearest, saturated at [-32768, 32767].
int16_t ToInt16(float sample);

// Writes pcm.s16, clip after clip.
// Errors: kResourceExhausted disk, quota or file size limit (says what is needed and free) · kInternal.
// Threads: compatible.
class PcmWriter {
 public:
  static absl::StatusOr<std::unique_ptr<PcmWriter>> Create(const std::filesystem::path& path);
  ~PcmWriter();
  PcmWriter(const PcmWriter&) = delete;
  PcmWriter& operator=(const PcmWriter&) = delete;

  absl::Status Append(std::span<const float> samples);

  // Makes all durable and closes; nothing may be appended afterwards. Returns the file's sha256, hex.
  absl::StatusOr<std::string> Finish();

  int64_t samples() const { return samples_; }

 private:
  PcmWriter(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}
  absl::Status WriteError(int error, size_t missing_bytes) const;

  const std::filesystem::path path_;
  int file_;
  int64_t samples_ = 0;
  std::vector<int16_t> buffer_;  // one clip
  base::Sha256 hash_;
};

}  // namespace timbre::dataset
