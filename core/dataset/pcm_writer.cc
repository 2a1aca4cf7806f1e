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
#include "core/base/status_macros.h"

namespace timbre::dataset {
namespace {

// What is gathered before a write: decoders hand on a few thousand samples at a time.
constexpr size_t kBufferSamples = size_t{1} << 16;

}  // namespace

int16_t ToInt16(float sample) {
  return static_cast<int16_t>(std::lrint(std::clamp(sample * 32768.0F, -32768.0F, 32767.0F)));
}

absl::Status WriteError(int error, const std::filesystem::path& path, size_t missing_bytes) {
  absl::Status status = base::ErrnoStatus(error, "write", path);
  if (!absl::IsResourceExhausted(status)) return status;
  std::error_code unknown;
  const std::filesystem::space_info space = std::filesystem::space(path, unknown);
  return absl::ResourceExhaustedError(
      absl::StrCat(status.message(), "; the next clip needs ", missing_bytes, " bytes more, ",
                   unknown ? "an unknown number" : absl::StrCat(space.available), " are free on the disk"));
}

absl::StatusOr<std::unique_ptr<PcmWriter>> PcmWriter::Create(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return base::ErrnoStatus(errno, "create", path);
  return std::unique_ptr<PcmWriter>(new PcmWriter(path, file));
}

PcmWriter::~PcmWriter() {
  if (file_ < 0) return;
  ::close(file_);
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

absl::Status PcmWriter::Flush() {
  std::span<const std::byte> bytes = std::as_bytes(std::span(buffer_));
  hash_.Update(bytes);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return WriteError(errno, path_, bytes.size());
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status PcmWriter::Append(std::span<const float> samples) {
  samples_ += static_cast<int64_t>(samples.size());
  const size_t before = buffer_.size();
  buffer_.resize(before + samples.size());
  std::transform(samples.begin(), samples.end(), buffer_.begin() + static_cast<ptrdiff_t>(before), ToInt16);
  return buffer_.size() < kBufferSamples ? absl::OkStatus() : Flush();
}

absl::StatusOr<std::string> PcmWriter::Finish() {
  TIMBRE_RETURN_IF_ERROR(Flush());
  if (::close(file_) != 0) {
    const int error = errno;
    file_ = -1;
    return WriteError(error, path_, 0);
  }
  file_ = -1;
  return hash_.HexDigest();
}

}  // namespace timbre::dataset
