#include "server/security/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"

namespace timbre::security {
namespace {

absl::StatusOr<int> InMemory(const std::string& content) {
  const int descriptor = ::memfd_create("timbre", MFD_CLOEXEC);
  if (descriptor < 0) return base::ErrnoStatus(errno, "create", "a file in memory");
  for (size_t written = 0; written < content.size();) {
    const ssize_t count = ::write(descriptor, content.data() + written, content.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      absl::Status status = base::ErrnoStatus(errno, "write", "a file in memory");
      ::close(descriptor);
      return status;
    }
    written += static_cast<size_t>(count);
  }
  return descriptor;
}

}  // namespace

MemoryFile::MemoryFile(int descriptor)
    : descriptor_(descriptor), path_(absl::StrCat("/proc/self/fd/", descriptor)) {}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

MemoryFile& MemoryFile::operator=(MemoryFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

MemoryFile::~MemoryFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

absl::StatusOr<MemoryFile> MemoryFile::Create(const std::string& content) {
  TIMBRE_ASSIGN_OR_RETURN(const int descriptor, InMemory(content));
  return MemoryFile(descriptor);
}

absl::Status MemoryFile::Replace(const std::string& content) {
  TIMBRE_ASSIGN_OR_RETURN(const int fresh, InMemory(content));
  // The descriptor, and so the path, names the new file from here on; who has the old one open reads on in
  // it.
  const int moved = ::dup3(fresh, descriptor_, O_CLOEXEC);
  const int error = errno;
  ::close(fresh);
  return moved >= 0 ? absl::OkStatus() : base::ErrnoStatus(error, "replace", "a file in memory");
}

}  // namespace timbre::security
