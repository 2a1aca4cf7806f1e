#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::client {

// A file of a folder.
struct FolderFile {
  std::filesystem::path path;
  // Relative to the folder, with '/' between its parts.
  std::string name;
  int64_t size_bytes = 0;
};

// All files of a folder and the folders below it, by name. What begins with a dot is left out, links to
// folders are not followed.
// Errors: kNotFound no folder · kInvalidArgument nothing in it · kPermissionDenied, kUnknown from the file
// system.
absl::StatusOr<std::vector<FolderFile>> ScanFolder(const std::filesystem::path& folder);

// What the file system's error on a path means: kNotFound, kPermissionDenied, kResourceExhausted (the disk is
// full), else kUnknown.
absl::Status FileError(const std::filesystem::path& path, const std::error_code& error);

// A whole file.
// Errors: kNotFound · kInvalidArgument a folder · kPermissionDenied · kDataLoss reading failed.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path);

}  // namespace timbre::client
