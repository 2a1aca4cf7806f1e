#include "core/jobs/watch_hub.h"

#include <algorithm>
#include <utility>

namespace timbre::jobs {

int64_t WatchHub::Watch(const std::string& key, std::function<void()> listener) {
  auto watcher = std::make_shared<Watcher>();
  watcher->listener = std::move(listener);
  base::MutexLock lock(mutex_);
  const int64_t id = next_id_++;
  watchers_.emplace(id, std::make_pair(key, std::move(watcher)));
  return id;
}

void WatchHub::Unwatch(int64_t id) {
  const auto self = std::this_thread::get_id();
  base::MutexLock lock(mutex_);
  const auto found = watchers_.find(id);
  if (found == watchers_.end()) return;
  const std::shared_ptr<Watcher> watcher = found->second.second;
  watchers_.erase(found);
  watcher->removed = true;
  const auto elsewhere = [self](std::thread::id thread) { return thread != self; };
  while (std::any_of(watcher->running.begin(), watcher->running.end(), elsewhere)) returned_.Wait(mutex_);
}

void WatchHub::Notify(const std::string& key) {
  std::vector<std::shared_ptr<Watcher>> concerned;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [id, entry] : watchers_) {
      if (entry.first == key) concerned.push_back(entry.second);
    }
  }
  const auto self = std::this_thread::get_id();
  for (const auto& watcher : concerned) {
    {
      base::MutexLock lock(mutex_);
      if (watcher->removed) continue;
      watcher->running.push_back(self);
    }
    watcher->listener();
    base::MutexLock lock(mutex_);
    watcher->running.erase(std::find(watcher->running.begin(), watcher->running.end(), self));
    returned_.NotifyAll();
  }
}

}  // namespace timbre::jobs
