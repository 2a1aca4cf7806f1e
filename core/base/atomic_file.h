#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::base {

// Durable file writes: beside the target, fsync, rename over it, fsync the folder. After OK the new content
// survives a crash; after an error or a crash the old content (or absence) is untouched. Missing parent
// folders are made.
// Errors: kResourceExhausted disk full or quota reached · kInternal other I/O errors, with path and cause.
absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

// The same for writers that need a path: `write` fills the temporary file it is given.
absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 const std::function<absl::Status(const std::filesystem::path&)>& write);

// Errors: kNotFound · kInternal.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path);

// A status for `errno` after a failed operation on `path`: disk full, quota and file size limit are
// kResourceExhausted, a
// missing file kNotFound, the rest kInternal.
absl::Status ErrnoStatus(int error, std::string_view what, const std::filesystem::path& path);

// fsyncs a file or folder.
absl::Status SyncPath(const std::filesystem::path& path);

}  // namespace timbre::base
