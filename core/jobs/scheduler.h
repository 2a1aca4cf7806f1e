#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/cancel_token.h"
#include "core/base/clock.h"
#include "core/jobs/job.h"
#include "core/jobs/job_store.h"
#include "core/jobs/observer.h"

namespace timbre::jobs {

// What a running job may do to the outside: report. Threads: safe.
class JobContext {
 public:
  virtual ~JobContext() = default;
  virtual const Job& job() const = 0;  // as it was when this run began
  virtual const base::CancelToken& cancel() const = 0;

  // Commits an event (and the job's step counters), then wakes the watchers. An event is durable before
  // anyone sees it.
  virtual absl::Status Emit(const std::string& payload, int64_t step, int64_t steps_total) = 0;
};

// Does the work of one job and returns its serialized result. Runs on a scheduler thread. When the token
// fires it returns the token's status soon.
using JobBody = std::function<absl::StatusOr<std::string>(JobContext&)>;

// Rebuilds the body of a job from its kind and spec bytes, so that a restarted server can go on without this
// room knowing what a spec means. Threads: called from all of the scheduler's threads.
class JobCodec {
 public:
  virtual ~JobCodec() = default;

  // An error makes the job FAILED.
  virtual absl::StatusOr<JobBody> MakeBody(const Job& job) = 0;

  // The event that the scheduler appends when a job changes state, or goes on after an interruption (then
  // `state` is RUNNING and `message` says so). Runs inside the store's transaction: it must not call the
  // store.
  virtual std::string StatePayload(JobState state, const absl::Status& error, const std::string& message) = 0;

  // Whether a FAILED or CANCELLED job has a snapshot to go on from.
  virtual bool CanResume(const Job& job) = 0;
};

// Runs jobs. A lane is a queue with one thread: jobs of one lane run one after another, lanes run side by
// side. States on disk are the truth: Start() takes QUEUED jobs, and those that a dead process left RUNNING,
// from the store; the interrupted ones go on first (an event says so, restarts counts it). Ones left PAUSING
// become PAUSED, CANCELLING CANCELLED. A state and its event are committed together before anybody can see
// them. How a run ends: OK is SUCCEEDED, whatever was asked for meanwhile (it is done, and its effects are
// there); any error after Cancel is CANCELLED; the token's error after Pause is PAUSED, after Stop the job
// stays RUNNING; other errors, and exceptions, are FAILED. When the store cannot commit a beginning or an
// end, the lane tries again. Threads: safe. Lifetime: store, codec, clock and observer outlive it; the
// destructor stops.
class Scheduler {
 public:
  struct Options {
    std::map<std::string, std::string>
        lane_of_kind;                    // kind -> lane; e.g. ssl_training -> device, ingest -> files
    const base::Clock* clock = nullptr;  // nullptr: the machine's
    absl::Duration retry_delay = absl::Seconds(2);  // after a commit that failed
    bool hold = false;                              // jobs begin only with Begin()
    // How many jobs that have not ended a client may have; none, or 0: no limit.
    std::function<int64_t(const std::string& client)> max_unfinished_of = nullptr;
    // Told of each job that was refused for it. May be null.
    std::function<void()> on_over_quota = nullptr;
    Observer* observer = nullptr;  // may be null
  };

  // Takes over what the store holds and starts the lanes.
  static absl::StatusOr<std::unique_ptr<Scheduler>> Start(Options options, JobStore& store, JobCodec& codec);
  ~Scheduler();

  // With Options::hold: lets jobs begin, those taken over first. Once.
  void Begin();

  // Queues a job (idempotent by request_id). Errors: kInvalidArgument no lane runs its kind · as
  // JobStore::Insert · kUnavailable stopped (so do the next three).
  absl::StatusOr<Job> Submit(Job job);

  // QUEUED, PAUSED -> CANCELLED at once; RUNNING, PAUSING -> CANCELLING until its body returns. Asking twice
  // is asking once. Errors: kNotFound · kFailedPrecondition already over.
  absl::StatusOr<Job> Cancel(const std::string& id);

  // RUNNING -> PAUSING -> PAUSED (after a snapshot); QUEUED -> PAUSED. Errors as above.
  absl::StatusOr<Job> Pause(const std::string& id);

  // PAUSED, or FAILED/CANCELLED with a snapshot -> QUEUED. Errors as above · kResourceExhausted the job was
  // over, and its client has as many as it may (a paused one counts all the time).
  absl::StatusOr<Job> Resume(const std::string& id);

  // Calls `listener` (fast, non-blocking, any thread) after each commit that concerns the job, until Unwatch.
  // The watcher reads the store itself: Watch first, then read, so that nothing falls between. No lock is
  // held: the listener may call back.
  int64_t Watch(const std::string& id, std::function<void()> listener);
  // After it returns the listener is not running and will not run (but on the calling thread, when a listener
  // unwatches itself).
  void Unwatch(int64_t watch_id);

  // Stops the running bodies with kUnavailable, leaves their jobs RUNNING in the store (the next Start goes
  // on with them), joins. Not from a body.
  void Stop();

 private:
  class Impl;
  explicit Scheduler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace timbre::jobs
