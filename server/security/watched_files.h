#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "core/base/mutex.h"

namespace timbre::security {

// Looks at files every `interval` and says when any of them changed (another inode, size, time, owner or
// mode: also by a swapped link above them, as Kubernetes does with secrets) since it was made. `changed`
// returns whether it could use them; else it is asked again: at the next look, then less and less often,
// where they stay as they are. A thread of its own, on which `changed` runs. The destructor ends it.
class WatchedFiles {
 public:
  WatchedFiles(std::vector<std::filesystem::path> files, absl::Duration interval,
               std::function<bool()> changed);
  ~WatchedFiles();
  WatchedFiles(const WatchedFiles&) = delete;
  WatchedFiles& operator=(const WatchedFiles&) = delete;

  // Starts the thread. Once, or never.
  void Begin();

 private:
  void Run();
  bool WaitForNextLook();  // false: the end

  const std::vector<std::filesystem::path> files_;
  const absl::Duration interval_;
  const std::function<bool()> changed_;
  base::Mutex mutex_;
  base::Condition stop_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::string seen_;                          // the state that was last reported
  bool used_ = true;                          // and whether it could be used
  int retry_looks_ = 1, looks_to_retry_ = 1;  // while it could not
  std::thread thread_;
};

}  // namespace timbre::security
