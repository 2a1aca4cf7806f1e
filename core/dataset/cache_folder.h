#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "core/dataset/cache_index.h"

namespace timbre::dataset {

// A cache folder that appears whole or not at all: it is filled under another name beside its place
// (`.<name>.partial`), made durable, and renamed. What a crash leaves behind is that partial folder, which
// the next Begin for the same place removes.
// Threads: compatible; one at a time for one place.
// Lifetime: the destructor removes what was begun and not committed.
class CacheFolder {
 public:
  explicit CacheFolder(const std::filesystem::path& cache_dir);
  ~CacheFolder();
  CacheFolder(const CacheFolder&) = delete;
  CacheFolder& operator=(const CacheFolder&) = delete;

  // Removes an older cache and leftovers at the place, and makes the folder to fill.
  // Errors: kFailedPrecondition the place holds other things than a cache · kResourceExhausted · kInternal.
  absl::Status Begin();

  // The folder to fill: the segments of the index belong there, durably, before Commit.
  const std::filesystem::path& partial_dir() const { return partial_dir_; }

  // Writes the index and moves the folder to its place. Errors: kResourceExhausted · kInternal.
  absl::Status Commit(const CacheIndex& index);

 private:
  absl::Status RemoveOldCache();

  std::filesystem::path cache_dir_;
  std::filesystem::path partial_dir_;
  bool filling_ = false;
};

}  // namespace timbre::dataset
