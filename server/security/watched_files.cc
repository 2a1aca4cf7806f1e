#include "server/security/watched_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace timbre::security {
namespace {

// Looks between two tries of files that cannot be used and stay as they are.
constexpr int kMostRetryLooks = 64;

// A text that differs when one of the files does.
std::string StateOf(const std::vector<std::filesystem::path>& files) {
  std::string state;
  for (const std::filesystem::path& file : files) {
    struct stat found = {};
    if (::stat(file.c_str(), &found) != 0) {
      absl::StrAppend(&state, "absent;");
      continue;
    }
    absl::StrAppend(&state, found.st_dev, ",", found.st_ino, ",", found.st_size, ",", found.st_mtim.tv_sec,
                    ".", found.st_mtim.tv_nsec, ",", found.st_ctim.tv_sec, ".", found.st_ctim.tv_nsec, ";");
  }
  return state;
}

}  // namespace

WatchedFiles::WatchedFiles(std::vector<std::filesystem::path> files, absl::Duration interval,
                           std::function<bool()> changed)
    : files_(std::move(files)), interval_(interval), changed_(std::move(changed)), seen_(StateOf(files_)) {}

void WatchedFiles::Begin() {
  thread_ = std::thread([this] { Run(); });
}

WatchedFiles::~WatchedFiles() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    stop_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

bool WatchedFiles::WaitForNextLook() {
  base::MutexLock lock(mutex_);
  const absl::Time next = absl::Now() + interval_;
  while (!stopping_ && absl::Now() < next) stop_.WaitFor(mutex_, next - absl::Now());
  return !stopping_;
}

void WatchedFiles::Run() {
  while (WaitForNextLook()) {
    std::string now = StateOf(files_);
    const bool changed = now != seen_;
    if (!changed && (used_ || --looks_to_retry_ > 0)) continue;
    retry_looks_ = changed ? 1 : std::min(2 * retry_looks_, kMostRetryLooks);
    looks_to_retry_ = retry_looks_;
    seen_ = std::move(now);
    used_ = changed_();
  }
}

}  // namespace timbre::security
