#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace timbre::jobs {

// Tells listeners that a job changed. A listener is called without any lock of this class held, so it may
// call back into the job store, and watch or unwatch. Threads: safe; a listener that is told by two threads
// at once runs on both.
class WatchHub {
 public:
  // Calls `listener` in each later Notify(key), until Unwatch. Returns an id > 0.
  int64_t Watch(const std::string& key, std::function<void()> listener);

  // After it returns the listener is not running on any other thread, and will not run. A listener may
  // unwatch itself.
  void Unwatch(int64_t id);

  void Notify(const std::string& key);

 private:
  struct Watcher {
    std::function<void()> listener;
    bool removed = false;
    std::vector<std::thread::id> running;  // threads inside `listener`
  };

  base::Mutex mutex_;
  base::Condition returned_;
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  // What Watcher holds is guarded by mutex_ too, but for the call of `listener`.
  std::map<int64_t, std::pair<std::string, std::shared_ptr<Watcher>>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timbre::jobs
