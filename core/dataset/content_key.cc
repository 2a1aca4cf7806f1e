#include "core/dataset/content_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"

namespace timbre::dataset {
namespace {

// Counts up whenever the same file and libraries give other samples.
constexpr int kPcmVersion = 1;
constexpr size_t kReadBytes = size_t{1} << 18;

int64_t Nanoseconds(const timespec& time) { return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec; }

absl::Status AddFile(const std::filesystem::path& path, const base::CancelToken& cancel, base::Sha256& hash) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return base::ErrnoStatus(errno, "open", path);
  std::vector<char> buffer(kReadBytes);
  absl::Status status;
  while (status.ok()) {
    const ssize_t count = ::read(file, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) status = base::ErrnoStatus(errno, "read", path);
    if (count <= 0) break;
    hash.Update(std::string_view(buffer.data(), static_cast<size_t>(count)));
    status = cancel.Check();
  }
  ::close(file);
  return status;
}

}  // namespace

std::string DecodeParameters(const audio::DecodeLimits& limits) {
  return absl::StrCat("timbre.pcm.v", kPcmVersion, " ", audio::DecoderVersion(), " channels ",
                      limits.max_channels, " rate ", limits.min_sample_rate_hz, "-",
                      limits.max_sample_rate_hz, " ns ", absl::ToInt64Nanoseconds(limits.max_duration),
                      " expansion ", limits.max_expansion);
}

absl::StatusOr<std::string> KeyOfFile(const std::filesystem::path& path, const std::string& parameters,
                                      const base::CancelToken& cancel) {
  base::Sha256 hash;
  hash.AddField(parameters);
  TIMBRE_RETURN_IF_ERROR(AddFile(path, cancel, hash));
  return hash.HexDigest();
}

absl::StatusOr<std::string> HashOfFile(const std::filesystem::path& path, const base::CancelToken& cancel) {
  base::Sha256 hash;
  TIMBRE_RETURN_IF_ERROR(AddFile(path, cancel, hash));
  return hash.HexDigest();
}

absl::StatusOr<FileStamp> StampOf(const std::filesystem::path& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) return base::ErrnoStatus(errno, "stat", path);
  return FileStamp{.device = info.st_dev,
                   .inode = info.st_ino,
                   .bytes = info.st_size,
                   .modified_ns = Nanoseconds(info.st_mtim),
                   .changed_ns = Nanoseconds(info.st_ctim)};
}

}  // namespace timbre::dataset
