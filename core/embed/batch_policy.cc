#include "core/embed/batch_policy.h"

#include <algorithm>

namespace timbre::embed {

BatchDecision DecideBatch(const std::vector<PendingRequest>& queue, const BatchLimits& limits,
                          absl::Time now) {
  BatchDecision decision;
  std::optional<absl::Time> oldest;
  absl::Time first_deadline = absl::InfiniteFuture();
  int64_t room = limits.max_batch_windows;
  for (size_t i = 0; i < queue.size(); ++i) {
    const PendingRequest& request = queue[i];
    if (request.deadline <= now) {
      decision.expired.push_back(i);
      continue;
    }
    if (!oldest) oldest = request.enqueue_time;
    first_deadline = std::min(first_deadline, request.deadline);
    if (room == 0) continue;
    const int64_t windows = std::min(request.windows, room);
    decision.batch.push_back({i, windows});
    room -= windows;
  }
  if (!oldest) return decision;
  const absl::Time due = *oldest + limits.max_wait;
  if (room > 0 && now < due) {
    decision.batch.clear();
    decision.wake_at = std::min(due, first_deadline);
  }
  return decision;
}

}  // namespace timbre::embed
