#include "core/train_engine/work_sharing.h"

#include <atomic>
#include <vector>

namespace timbre::train_engine {

absl::Status ForEach(engine::Team& team, int64_t count,
                     absl::FunctionRef<absl::Status(int thread, int64_t item)> work) {
  std::atomic<int64_t> next = 0;
  std::atomic<bool> failed = false;
  std::vector<absl::Status> statuses(static_cast<size_t>(team.size()));
  team.Run([&](int thread) {
    absl::Status& status = statuses[static_cast<size_t>(thread)];
    for (int64_t item = next++; item < count && !failed; item = next++) {
      status = work(thread, item);
      if (status.ok()) continue;
      failed = true;
      return;
    }
  });
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace timbre::train_engine
