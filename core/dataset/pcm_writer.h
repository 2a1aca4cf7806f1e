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

// A status for `errno` after a failed write: kResourceExhausted says how many bytes are needed and free.
absl::Status WriteError(int error, const std::filesystem::path& path, size_t missing_bytes);

// Writes the samples of one file as int16, little endian.
// Errors: kResourceExhausted disk, quota or file size limit (says what is needed and free) · kInternal.
// Threads: compatible. Lifetime: the destructor removes what was not finished.
class PcmWriter {
 public:
  static absl::StatusOr<std::unique_ptr<PcmWriter>> Create(const std::filesystem::path& path);
  ~PcmWriter();
  PcmWriter(const PcmWriter&) = delete;
  PcmWriter& operator=(const PcmWriter&) = delete;

  absl::Status Append(std::span<const float> samples);

  // Closes; nothing may be appended afterwards. Returns the file's sha256, hex. The file is not yet durable:
  // who finds it after a crash compares the hash.
  absl::StatusOr<std::string> Finish();

  int64_t samples() const { return samples_; }

 private:
  PcmWriter(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}
  absl::Status Flush();

  const std::filesystem::path path_;
  int file_;
  int64_t samples_ = 0;
  std::vector<int16_t> buffer_;  // not yet written
  base::Sha256 hash_;
};

}  // namespace timbre::dataset
