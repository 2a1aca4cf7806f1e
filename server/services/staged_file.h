#pragma once

#include <filesystem>

namespace timbre::services {

// A name in the spool that no other call has; the file goes with the object.
// Lifetime: whoever wrote the file has closed it when the object dies.
class StagedFile {
 public:
  // `what` begins the file's name.
  StagedFile(const std::filesystem::path& spool, const char* what);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace timbre::services
