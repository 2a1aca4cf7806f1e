#include "core/dataset/cache_folder.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/dataset/segment.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

// The samples of the first format, which had no segments.
constexpr char kOldSamples[] = "pcm.s16";

fs::path WithoutTrailingSlash(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

absl::Status RemoveTree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? base::ErrnoStatus(error.value(), "remove", path) : absl::OkStatus();
}

}  // namespace

CacheFolder::CacheFolder(const fs::path& cache_dir)
    : cache_dir_(WithoutTrailingSlash(cache_dir)),
      partial_dir_(cache_dir_.parent_path() / absl::StrCat(".", cache_dir_.filename().string(), ".partial")) {
}

CacheFolder::~CacheFolder() {
  std::error_code ignored;
  if (filling_) fs::remove_all(partial_dir_, ignored);
}

absl::Status CacheFolder::RemoveOldCache() {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(cache_dir_, error))) return absl::OkStatus();
  fs::directory_iterator entries(cache_dir_, error);
  if (error) return base::ErrnoStatus(error.value(), "read the folder", cache_dir_);
  for (const fs::directory_entry& entry : entries) {
    const fs::path name = entry.path().filename();
    if (name != kIndexFile && name != kOldSamples && name.extension() != kSegmentExtension) {
      return absl::FailedPreconditionError(absl::StrCat(cache_dir_.string(),
                                                        " is not replaced by a cache: it holds ",
                                                        name.string(), ", which no ingest has written"));
    }
  }
  // The index goes first: without it the folder is no data set, should the rest not get done.
  fs::remove(cache_dir_ / kIndexFile, error);
  if (error) return base::ErrnoStatus(error.value(), "remove", cache_dir_ / kIndexFile);
  TIMBRE_RETURN_IF_ERROR(base::SyncPath(cache_dir_));
  return RemoveTree(cache_dir_);
}

absl::Status CacheFolder::Begin() {
  TIMBRE_RETURN_IF_ERROR(RemoveOldCache());
  TIMBRE_RETURN_IF_ERROR(RemoveTree(partial_dir_));
  std::error_code error;
  fs::create_directories(partial_dir_, error);
  if (error) return base::ErrnoStatus(error.value(), "create", partial_dir_);
  filling_ = true;
  return absl::OkStatus();
}

absl::Status CacheFolder::Commit(const CacheIndex& index) {
  TIMBRE_RETURN_IF_ERROR(base::WriteFileAtomically(partial_dir_ / kIndexFile, IndexToJson(index)));
  if (std::rename(partial_dir_.c_str(), cache_dir_.c_str()) != 0) {
    return base::ErrnoStatus(errno, "rename to", cache_dir_);
  }
  filling_ = false;
  absl::Status status = base::SyncPath(cache_dir_.parent_path());
  if (!status.ok()) (void)RemoveOldCache();
  return status;
}

}  // namespace timbre::dataset
