#include "core/dataset/pcm_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"

namespace timbre::dataset {

int16_t ToInt16(float sample) {
  return static_cast<int16_t>(std::lrint(std::clamp(sample * 32768.0F, -32768.0F, 32767.0F)));
}

absl::StatusOr<std::unique_ptr<PcmWriter>> PcmWriter::Create(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return base::ErrnoStatus(errno, "create", path);
  return std::unique_ptr<PcmWriter>(new PcmWriter(path, file));
}

PcmWriter::~PcmWriter() {
  if (file_ >= 0) ::close(file_);
}

absl::Status PcmWriter::WriteError(int error, size_t missing_bytes) const {
  const absl::Status status = base::ErrnoStatus(error, "write", path_);
  if (!absl::IsResourceExhausted(status)) return status;
  std::error_code unknown;
  const std::filesystem::space_info space = std::filesystem::space(path_, unknown);
  return absl::ResourceExhaustedError(
      absl::StrCat(status.message(), "; the next clip needs ", missing_bytes, " bytes more, ",
                   unknown ? "an unknown number" : absl::StrCat(space.available), " are free on the disk"));
}

absl::Status PcmWriter::Append(std::span<const float> samples) {
  buffer_.resize(samples.size());
  std::transform(samples.begin(), samples.end(), buffer_.begin(), ToInt16);
  std::span<const std::byte> bytes = std::as_bytes(std::span(buffer_));
  hash_.Update(bytes);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return WriteError(errno, bytes.size());
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  samples_ += static_cast<int64_t>(samples.size());
  return absl::OkStatus();
}

absl::StatusOr<std::string> PcmWriter::Finish() {
  // Some file systems report a full disk only here.
  if (::fsync(file_) != 0) return WriteError(errno, 0);
  if (::close(std::exchange(file_, -1)) != 0) return WriteError(errno, 0);
  return hash_.HexDigest();
}

}  // namespace timbre::dataset
