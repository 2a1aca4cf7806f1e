#include "core/dataset/source_folder.h"

#include <algorithm>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

bool IsUnder(const fs::path& path, const fs::path& root) {
  const auto mismatch = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return mismatch.first == root.end();
}

}  // namespace

absl::StatusOr<fs::path> ResolveSource(const fs::path& data_root, const std::string& path) {
  if (data_root.empty()) {
    return absl::FailedPreconditionError(
        "this server has no data root; set data_root in its configuration, or upload the files");
  }
  std::error_code error;
  const fs::path root = fs::canonical(data_root, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("the data root ", data_root.string(), " cannot be read: ", error.message()));
  }
  const fs::path relative(path);
  if (path.find('\0') != std::string::npos || relative.is_absolute() ||
      !IsUnder((root / relative).lexically_normal(), root)) {
    return absl::InvalidArgumentError(absl::StrCat("path '", path.substr(0, path.find('\0')),
                                                   "' leaves the data root; give a folder relative to it"));
  }
  fs::path resolved = fs::canonical(root / relative, error);
  if (error || !fs::is_directory(resolved, error)) {
    return absl::NotFoundError(absl::StrCat("there is no folder '", path, "' under the data root"));
  }
  if (!IsUnder(resolved, root)) {
    return absl::InvalidArgumentError(
        absl::StrCat("path '", path, "' leaves the data root through a symbolic link"));
  }
  return resolved;
}

}  // namespace timbre::dataset
