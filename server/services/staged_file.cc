#include "server/services/staged_file.h"

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace timbre::services {

StagedFile::StagedFile(const std::filesystem::path& spool, const char* what) {
  static std::atomic<uint64_t> counter = 0;
  path_ = spool / absl::StrCat(what, "-", ::getpid(), "-", counter.fetch_add(1));
}

StagedFile::~StagedFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace timbre::services
