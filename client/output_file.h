#pragma once

#include <filesystem>
#include <string_view>

#include "absl/status/status.h"

namespace timbre::client {

// A file that is there, whole, only after Keep: until then its bytes lie beside it in a file of another name,
// which goes with this object. An older file of that name is replaced and hands down its mode; a symbolic
// link stays and what it names is written; a device, a pipe and what lies under /dev take the bytes as they
// come. Errors: as FileError, with the path that was asked for · kNotFound its folder is not there ·
// kInvalidArgument a folder. Threads: compatible.
class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Once.
  absl::Status Open(const std::filesystem::path& path);
  absl::Status Append(std::string_view bytes);
  absl::Status Keep();

  bool open() const { return file_ >= 0; }
  // As asked for.
  const std::filesystem::path& path() const { return path_; }

 private:
  absl::Status OpenBeside();
  absl::Status Error(int error) const;
  absl::Status Close();

  std::filesystem::path path_;
  std::filesystem::path target_;   // what Keep puts in its place; empty for a device or a pipe
  std::filesystem::path partial_;  // where the bytes go until then
  int file_ = -1;
};

// All of it at once.
absl::Status WriteWhole(const std::filesystem::path& path, std::string_view bytes);

}  // namespace timbre::client
