#include "core/dataset/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"

namespace timbre::dataset {
namespace {

// The kernel tells nobody when a file lock becomes free, and a thread that waits in flock hears no cancel.
constexpr absl::Duration kAskAgain = absl::Milliseconds(50);

}  // namespace

absl::StatusOr<std::optional<StoreLock>> StoreLock::TryTake(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return base::ErrnoStatus(errno, "open", path);
  StoreLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return std::optional<StoreLock>(std::move(lock));
  if (errno == EWOULDBLOCK || errno == EINTR) return std::optional<StoreLock>();
  return base::ErrnoStatus(errno, "lock", path);
}

absl::StatusOr<StoreLock> StoreLock::Take(const std::filesystem::path& folder,
                                          const base::CancelToken& cancel) {
  base::Mutex mutex;
  base::Condition time;
  while (true) {
    TIMBRE_ASSIGN_OR_RETURN(std::optional<StoreLock> lock, TryTake(folder));
    if (lock.has_value()) return *std::move(lock);
    TIMBRE_RETURN_IF_ERROR(cancel.Check());
    base::MutexLock held(mutex);
    time.WaitFor(mutex, kAskAgain);
  }
}

StoreLock::~StoreLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace timbre::dataset
