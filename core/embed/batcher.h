#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/cancel_token.h"
#include "core/base/clock.h"
#include "core/embed/batch_policy.h"
#include "core/embed/caller.h"
#include "core/embed/observer.h"
#include "core/engine/encoder.h"

namespace timbre::embed {

// Gathers windows of many requests into batches for one encoder. The unit of work is the window.
// A request that has expired or was cancelled gets no further batch; work that the engine has begun is
// finished. What may come in at all is Admission's affair. Threads: safe. One thread of its own runs the
// encoder and the callbacks; callbacks must not block, nor stop or destroy the batcher.
class Batcher {
 public:
  struct Options {
    BatchLimits limits;
    const base::Clock* clock = nullptr;  // null: the machine's
    Observer* observer = nullptr;        // may be null
  };

  // What comes back for one submit.
  struct Result {
    std::vector<float> embeddings;  // [windows, dim]
    absl::Duration queue_time;      // until its first window went into a batch
    absl::Duration infer_time;      // of the batches that held its windows
  };
  using Done = std::function<void(absl::StatusOr<Result>)>;

  static std::unique_ptr<Batcher> Start(std::shared_ptr<engine::Encoder> encoder, const Options& options);
  ~Batcher();

  struct Work {
    std::vector<float> windows;  // [count, window_samples]
    int64_t count = 0;
    Caller caller = {};
    absl::Time deadline = absl::InfiniteFuture();
    base::CancelToken cancel = {};
  };
  // Queues the windows. `done` is called exactly once, unless an error is returned here. Errors here:
  // kInvalidArgument no windows, or a size that is not count windows · kUnavailable stopped ·
  // kDeadlineExceeded already · the token's status. Errors in done: kDeadlineExceeded · the token's status ·
  // as Encoder::Encode.
  absl::Status Submit(Work work, Done done);

  // Accepts no more, runs what was accepted (without waiting for company), joins. Idempotent.
  void Stop();

  // What waits; not what is in the engine.
  Waiting waiting(Priority priority) const;

 private:
  class Impl;
  explicit Batcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace timbre::embed
