#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timbre::security {

// A file in memory whose content changes at one stroke: who opens path() reads the old content or the new
// one, never a mixture. So gRPC's watcher of certificate files only ever sees pairs that were checked, and no
// copy of a private key reaches a disk. Linux (memfd, /proc). Threads: compatible.
class MemoryFile {
 public:
  // Errors: kInternal the system refuses.
  static absl::StatusOr<MemoryFile> Create(const std::string& content);
  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&& other) noexcept;
  ~MemoryFile();

  const std::string& path() const { return path_; }
  absl::Status Replace(const std::string& content);

 private:
  explicit MemoryFile(int descriptor);
  int descriptor_ = -1;
  std::string path_;
};

}  // namespace timbre::security
