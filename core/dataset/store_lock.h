#pragma once

#include <filesystem>
#include <optional>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"

namespace timbre::dataset {

// The lock of a blob store's folder: whoever writes to it or removes from it holds it. The kernel gives it
// back when its process dies. Threads: compatible; two locks of one process exclude each other too.
class StoreLock {
 public:
  // Waits for it. Errors: the token's status · kInternal.
  static absl::StatusOr<StoreLock> Take(const std::filesystem::path& folder, const base::CancelToken& cancel);
  // Nothing while somebody else has it. Errors: kInternal.
  static absl::StatusOr<std::optional<StoreLock>> TryTake(const std::filesystem::path& folder);

  StoreLock(StoreLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();

 private:
  explicit StoreLock(int file) : file_(file) {}
  int file_;
};

}  // namespace timbre::dataset
