#include "core/base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace timbre::base {
namespace {

namespace fs = std::filesystem;

absl::Status WriteAll(const fs::path& path, std::string_view content) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return ErrnoStatus(errno, "create", path);
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      ::close(file);
      return ErrnoStatus(error, "write", path);
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (::close(file) != 0) return ErrnoStatus(errno, "close", path);
  return absl::OkStatus();
}

fs::path FolderOf(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : "."; }

fs::path TemporaryBeside(const fs::path& path) {
  static std::atomic<uint64_t> counter = 0;
  return path.parent_path() /
         absl::StrCat(".", path.filename().string(), ".", ::getpid(), ".", counter.fetch_add(1), ".tmp");
}

}  // namespace

absl::Status ErrnoStatus(int error, std::string_view what, const fs::path& path) {
  const std::string message =
      absl::StrCat("cannot ", std::string(what), " ", path.string(), ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) return absl::ResourceExhaustedError(message);
  if (error == ENOENT) return absl::NotFoundError(message);
  return absl::InternalError(message);
}

absl::Status SyncPath(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(errno, "open", path);
  const int result = ::fsync(file);
  const int error = errno;
  ::close(file);
  return result == 0 ? absl::OkStatus() : ErrnoStatus(error, "fsync", path);
}

absl::Status WriteFileAtomically(const fs::path& path,
                                 const std::function<absl::Status(const fs::path&)>& write) {
  std::error_code error;
  fs::create_directories(FolderOf(path), error);
  if (error) return ErrnoStatus(error.value(), "create the folder of", path);
  const fs::path temporary = TemporaryBeside(path);
  absl::Status status = write(temporary);
  if (status.ok()) status = SyncPath(temporary);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0)
    status = ErrnoStatus(errno, "rename to", path);
  if (!status.ok()) {
    fs::remove(temporary, error);
    return status;
  }
  return SyncPath(FolderOf(path));
}

absl::Status WriteFileAtomically(const fs::path& path, std::string_view content) {
  return WriteFileAtomically(path,
                             [content](const fs::path& temporary) { return WriteAll(temporary, content); });
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoStatus(errno != 0 ? errno : EIO, "open", path);
  // istream::read turns what the stream buffer throws (a folder, an I/O error) into badbit.
  std::string content;
  char block[65536];
  while (file.read(block, sizeof(block)) || file.gcount() > 0) {
    content.append(block, static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return ErrnoStatus(EIO, "read", path);
  return content;
}

}  // namespace timbre::base
