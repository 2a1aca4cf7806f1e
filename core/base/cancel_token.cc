#include "core/base/cancel_token.h"

#include <atomic>
#include <map>
#include <utility>

#include "core/base/mutex.h"

namespace timbre::base {
namespace internal {

struct CancelState {
  std::atomic<bool> cancelled = false;
  Mutex mutex;
  Condition idle;
  absl::Status reason ABSL_GUARDED_BY(mutex);
  std::map<int64_t, std::function<void()>> callbacks ABSL_GUARDED_BY(mutex);
  int64_t next_id ABSL_GUARDED_BY(mutex) = 1;
  bool running_callbacks ABSL_GUARDED_BY(mutex) = false;
};

}  // namespace internal

absl::Status CancelToken::Check() const {
  if (!cancelled()) return absl::OkStatus();
  MutexLock lock(state_->mutex);
  return state_->reason;
}

bool CancelToken::cancelled() const { return state_ && state_->cancelled.load(std::memory_order_acquire); }

int64_t CancelToken::OnCancel(std::function<void()> callback) const {
  if (!state_) return 0;
  {
    MutexLock lock(state_->mutex);
    if (!state_->cancelled.load(std::memory_order_relaxed)) {
      const int64_t id = state_->next_id++;
      state_->callbacks.emplace(id, std::move(callback));
      return id;
    }
  }
  callback();
  return 0;
}

void CancelToken::RemoveCallback(int64_t id) const {
  if (!state_ || id == 0) return;
  MutexLock lock(state_->mutex);
  while (state_->running_callbacks) state_->idle.Wait(state_->mutex);
  state_->callbacks.erase(id);
}

CancelSource::CancelSource() : state_(std::make_shared<internal::CancelState>()) {}

void CancelSource::Cancel(absl::Status reason) {
  std::map<int64_t, std::function<void()>> callbacks;
  {
    MutexLock lock(state_->mutex);
    if (state_->cancelled.load(std::memory_order_relaxed)) return;
    state_->reason = reason.ok() ? absl::CancelledError("cancelled") : std::move(reason);
    state_->cancelled.store(true, std::memory_order_release);
    state_->running_callbacks = true;
    callbacks.swap(state_->callbacks);
  }
  for (auto& [id, callback] : callbacks) callback();
  MutexLock lock(state_->mutex);
  state_->running_callbacks = false;
  state_->idle.NotifyAll();
}

}  // namespace timbre::base
