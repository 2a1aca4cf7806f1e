#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"

namespace timbre::embed {

// A request's windows that wait, as the policy sees it.
struct PendingRequest {
  int64_t windows = 0;  // still to be encoded; >= 1
  absl::Time enqueue_time;
  absl::Time deadline = absl::InfiniteFuture();
};

struct BatchLimits {
  int64_t max_batch_windows = 16;                   // >= 1
  absl::Duration max_wait = absl::Milliseconds(2);  // of the oldest request, for company
};

// What to do now.
struct BatchDecision {
  std::vector<size_t> expired;  // indices of requests whose deadline has come: fail them, do not encode
  struct Take {
    size_t request = 0;
    int64_t windows = 0;
    bool operator==(const Take&) const = default;
  };
  std::vector<Take> batch;            // in queue order; empty: nothing to run now
  std::optional<absl::Time> wake_at;  // of an empty batch: when to ask again if nothing new comes
};

// The batcher's policy, a pure function: oldest first; run when max_batch_windows are there or the oldest has
// waited max_wait; a large request is taken in pieces. Nothing expired ever gets into a batch, nor counts as
// company. The queue is in order of enqueue_time. Threads: safe.
BatchDecision DecideBatch(const std::vector<PendingRequest>& queue, const BatchLimits& limits,
                          absl::Time now);

}  // namespace timbre::embed
