#pragma once

#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/cancel_token.h"
#include "core/base/mutex.h"
#include "core/jobs/ledger.h"
#include "core/jobs/scheduler.h"
#include "core/jobs/watch_hub.h"

namespace timbre::jobs {

// A queue of job ids and the one thread that runs them. The store says what a job's state is; the queue says
// only in which order to look. Threads: safe, but Start and Join from one thread. Lifetime: Join before
// destruction.
class Lane {
 public:
  struct Context {
    Ledger& ledger;
    JobCodec& codec;
    WatchHub& watchers;
    absl::Duration retry_delay;    // after a commit that failed
    Observer* observer = nullptr;  // may be null
  };

  explicit Lane(const Context& context) : context_(context) {}

  void Start();

  void Push(const std::string& id);

  // Takes the job off the queue. If it was taken to be run meanwhile, its state says that it must not.
  void Remove(const std::string& id);

  // Fires the token of the job's run and returns true; if it does not run, takes it off the queue and returns
  // false.
  bool Interrupt(const std::string& id, const absl::Status& reason);

  // No further job begins; the running one's token fires with `reason`.
  void RequestStop(const absl::Status& reason);
  void Join();

 private:
  class Run;

  void Loop();
  std::shared_ptr<Run> TakeNext();
  // Whether the job is ours to run; false also when the store failed: the job is then back in the queue.
  bool Begin(Run& run);
  absl::StatusOr<std::string> RunBody(Run& run);
  // Commits how the run ended, again and again while the store fails, until the lane stops.
  void Finish(const Run& run, const absl::StatusOr<std::string>& outcome);
  // Waits for retry_delay. False: the lane stops.
  bool WaitToRetry();

  const Context context_;
  base::Mutex mutex_;
  base::Condition changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::string> queue_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Run> current_
      ABSL_GUARDED_BY(mutex_);  // set before its job becomes RUNNING, until its end is committed
  std::thread thread_;
};

}  // namespace timbre::jobs
