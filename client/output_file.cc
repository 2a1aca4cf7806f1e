#include "client/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/folder.h"

namespace timbre::client {
namespace {

namespace fs = std::filesystem;

// What a write to `path` ends up in.
fs::path BehindLink(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  const fs::path target = fs::canonical(path, error);
  return error ? path.parent_path() / fs::read_symlink(path, error) : target;
}

}  // namespace

OutputFile::~OutputFile() {
  if (!open()) return;
  Close().IgnoreError();
  std::error_code ignored;
  if (!partial_.empty()) fs::remove(partial_, ignored);
}

absl::Status OutputFile::Error(int error) const {
  if (error == ENOENT)
    return absl::NotFoundError(absl::StrCat(path_.string(), ": its folder is not there; make it first"));
  return FileError(path_, {error, std::generic_category()});
}

absl::Status OutputFile::Open(const fs::path& path) {
  path_ = path;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " is a folder; give a file"));
  }
  int flags = O_WRONLY | O_CLOEXEC;
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    file_ = ::open(path.c_str(), flags);
  } else {
    target_ = BehindLink(path);
    partial_ = target_.string() + ".partial";
    flags |= O_CREAT | O_TRUNC;
    file_ = ::open(partial_.c_str(), flags, 0666);
  }
  return open() ? absl::OkStatus() : Error(errno);
}

absl::Status OutputFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Error(errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Close() {
  return ::close(std::exchange(file_, -1)) == 0 ? absl::OkStatus() : Error(errno);
}

absl::Status OutputFile::Keep() {
  std::error_code error;
  absl::Status closed = Close();
  if (target_.empty()) return closed;
  if (closed.ok()) fs::rename(partial_, target_, error);
  if (error) closed = FileError(path_, error);
  if (!closed.ok()) fs::remove(partial_, error);
  return closed;
}

}  // namespace timbre::client
