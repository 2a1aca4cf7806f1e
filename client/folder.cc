#include "client/folder.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace timbre::client {
namespace {

namespace fs = std::filesystem;

bool IsHidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

}  // namespace

absl::Status FileError(const fs::path& path, const std::error_code& error) {
  const std::string message = absl::StrCat(path.string(), ": ", error.message());
  if (error == std::errc::permission_denied) return absl::PermissionDeniedError(message);
  if (error == std::errc::no_such_file_or_directory) return absl::NotFoundError(message);
  if (error == std::errc::no_space_on_device) return absl::ResourceExhaustedError(message);
  return absl::UnknownError(message);
}

absl::StatusOr<std::vector<FolderFile>> ScanFolder(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(absl::StrCat(folder.string(), " is not a folder on this machine"));
  }
  std::vector<FolderFile> files;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (IsHidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (std::error_code unreadable; entry->is_regular_file(unreadable)) {
      const auto size = entry->file_size(unreadable);
      if (unreadable) return FileError(entry->path(), unreadable);
      files.push_back({entry->path(), entry->path().lexically_relative(folder).generic_string(),
                       static_cast<int64_t>(size)});
    }
  }
  if (error) return FileError(folder, error);
  if (files.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder.string(), " has no files; give a folder with audio in it"));
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " is a folder; give files"));
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return FileError(path, {errno, std::generic_category()});
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return absl::DataLossError(absl::StrCat(path.string(), ": reading failed"));
  return content;
}

}  // namespace timbre::client
