#include "client/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/folder.h"

namespace timbre::client {
namespace {

namespace fs = std::filesystem;

// What a write to `path` ends up in, whether that is there yet or not.
fs::path BehindLinks(fs::path path) {
  constexpr int kMostLinks = 40;  // as the kernel follows
  std::error_code error;
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, error); ++i)
    path = path.parent_path() / fs::read_symlink(path, error);
  return path;
}

// What a new file of this process gets.
mode_t DefaultMode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
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
  const bool special = fs::exists(status) && !fs::is_regular_file(status);
  if (!special && !path.string().starts_with("/dev/")) return OpenBeside();
  file_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  return open() ? absl::OkStatus() : Error(errno);
}

absl::Status OutputFile::OpenBeside() {
  target_ = BehindLinks(path_);
  struct stat old = {};
  const bool there = ::stat(target_.c_str(), &old) == 0;
  if (there && ::access(target_.c_str(), W_OK) != 0) return Error(errno);
  std::string name = target_.string() + ".XXXXXX";
  file_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (!open()) return Error(errno);
  partial_ = name;
  return ::fchmod(file_, there ? old.st_mode & 07777 : DefaultMode()) == 0 ? absl::OkStatus() : Error(errno);
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

absl::Status WriteWhole(const fs::path& path, std::string_view bytes) {
  OutputFile file;
  absl::Status status = file.Open(path);
  if (status.ok()) status = file.Append(bytes);
  return status.ok() ? file.Keep() : status;
}

}  // namespace timbre::client
