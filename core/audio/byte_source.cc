#include "core/audio/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"

namespace timbre::audio {

size_t MemorySource::ReadAt(int64_t offset, std::span<std::byte> out) {
  if (offset < 0 || offset >= size_bytes()) return 0;
  const auto rest = bytes_.subspan(static_cast<size_t>(offset));
  const size_t count = std::min(rest.size(), out.size());
  if (count > 0) std::memcpy(out.data(), rest.data(), count);
  return count;
}

absl::StatusOr<FileSource> FileSource::Open(const std::filesystem::path& path) {
  // Without O_NONBLOCK a named pipe in a data folder would block for ever.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return base::ErrnoStatus(errno, "open", path);
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) {
    const int error = errno;
    ::close(descriptor);
    return base::ErrnoStatus(error, "examine", path);
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(descriptor);
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " is not a regular file"));
  }
  return FileSource(descriptor, info.st_size);
}

FileSource::FileSource(FileSource&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_bytes_(other.size_bytes_) {}

FileSource::~FileSource() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

size_t FileSource::ReadAt(int64_t offset, std::span<std::byte> out) {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t count =
        ::pread(descriptor_, out.data() + done, out.size() - done, offset + static_cast<int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

}  // namespace timbre::audio
