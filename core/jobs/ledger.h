#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/jobs/job.h"
#include "core/jobs/job_store.h"
#include "core/jobs/moves.h"

namespace timbre::jobs {

class JobCodec;

// The one way in which the scheduler changes a job's state: the state and its event in one transaction.
// Threads: safe.
class Ledger {
 public:
  Ledger(JobStore& store, JobCodec& codec, const base::Clock& clock)
      : store_(store), codec_(codec), clock_(clock) {}

  // Sees the job as it is on disk, inside the transaction; nothing: leave the job as it is, no event.
  using Decision = std::function<NextMove(const Job&)>;

  // Returns the job as it is afterwards. Errors: as `decide`, and as JobStore::Update.
  absl::StatusOr<Job> Advance(const std::string& id, const Decision& decide);

  // Inserts a QUEUED job with its first event. Errors: as JobStore::Insert.
  absl::StatusOr<Job> Insert(Job job, int64_t max_unfinished, bool* existed);

  // An event of a running body, with its progress.
  absl::Status Report(const std::string& id, const std::string& payload, int64_t step, int64_t steps_total);

  JobStore& store() { return store_; }

 private:
  JobStore& store_;
  JobCodec& codec_;
  const base::Clock& clock_;
};

}  // namespace timbre::jobs
