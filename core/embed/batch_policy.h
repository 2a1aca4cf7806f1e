#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/embed/caller.h"

namespace timbre::embed {

// A request's windows that wait, as the policy sees it.
struct PendingRequest {
  int64_t windows = 0;  // still to be encoded; >= 1
  absl::Time enqueue_time;
  absl::Time deadline = absl::InfiniteFuture();
  Priority priority = Priority::kInteractive;
  size_t client = 0;  // index into `served`
};

struct BatchLimits {
  int64_t max_batch_windows = 16;                  // >= 1
  absl::Duration max_wait = {};                    // of the oldest request, for company
  absl::Duration bulk_ages_in = absl::Seconds(1);  // after which a bulk request counts as interactive
};

// What to do now.
struct BatchDecision {
  std::vector<size_t> expired;  // indices of requests whose deadline has come: fail them, do not encode
  struct Take {
    size_t request = 0;
    int64_t windows = 0;
    bool operator==(const Take&) const = default;
  };
  std::vector<Take> batch;            // by index; empty: nothing to run now
  std::optional<absl::Time> wake_at;  // of an empty batch: when to ask again if nothing new comes
};

// The batcher's policy, a pure function. A batch runs when max_batch_windows are there or the oldest request
// has waited max_wait. Its windows are taken one after another:
//   interactive ones, and bulk ones that have aged, before bulk ones (so nothing starves);
//   among them of the client that was served the fewest windows, `served` and this batch together;
//   of that client the oldest request's, which is taken in pieces if it is large.
// Nothing expired ever gets into a batch, nor counts as company. `queue` is in order of enqueue_time;
// `served` has an entry for each client in it. Threads: safe.
BatchDecision DecideBatch(const std::vector<PendingRequest>& queue, std::vector<int64_t> served,
                          const BatchLimits& limits, absl::Time now);

}  // namespace timbre::embed
