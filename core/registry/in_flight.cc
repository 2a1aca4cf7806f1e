#include "core/registry/in_flight.h"

#include <system_error>

#include "core/base/atomic_file.h"
#include "core/base/log.h"

namespace timbre::registry {
namespace {

namespace fs = std::filesystem;
constexpr const char* kMarker = ".in-flight";

}  // namespace

absl::Status MarkInFlight(const fs::path& folder) { return base::WriteFileAtomically(folder / kMarker, ""); }

bool IsInFlight(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kMarker, ignored);
}

void ClearInFlight(const fs::path& folder) {
  std::error_code ignored;
  fs::remove(folder / kMarker, ignored);
}

void SettleFolder(const fs::path& folder, bool has_row) {
  const bool marked = IsInFlight(folder);
  if (has_row) {
    if (marked) ClearInFlight(folder);
  } else if (marked) {
    base::LogInfo("removing {}, which a crash left unfinished", folder.string());
    RemoveFolder(folder);
  } else {
    base::LogWarning("{} is not in the database and left alone", folder.string());
  }
}

void RemoveFolder(const fs::path& folder) {
  std::error_code error;
  // The marker goes last: remove_all in any order could take it first and then fail.
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code failed;
    if (entry->path().filename() != kMarker) fs::remove_all(entry->path(), failed);
    if (failed) base::LogWarning("cannot remove {}: {}", entry->path().string(), failed.message());
    if (failed) return;
  }
  fs::remove_all(folder, error);
  if (error) base::LogWarning("cannot remove {}: {}", folder.string(), error.message());
}

}  // namespace timbre::registry
