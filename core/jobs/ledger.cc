#include "core/jobs/ledger.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/jobs/scheduler.h"

namespace timbre::jobs {

absl::StatusOr<Job> Ledger::Advance(const std::string& id, const Decision& decide) {
  std::vector<std::string> payloads;
  std::optional<Job> unchanged;
  const auto change = [&](Job& job) -> absl::Status {
    TIMBRE_ASSIGN_OR_RETURN(std::optional<Move> move, decide(job));
    if (!move.has_value()) {
      unchanged = job;
      return absl::AbortedError("nothing to change");  // ends the transaction without a write
    }
    job.state = move->to;
    job.error = move->error;
    job.result = std::move(move->result);
    if (move->restarted) ++job.restarts;
    job.deaths = move->deaths;
    job.death_step = job.step;
    payloads.push_back(codec_.StatePayload(job.state, job.error, move->message));
    return absl::OkStatus();
  };
  absl::StatusOr<Job> job = store_.Update(id, change, payloads, clock_.Now());
  if (unchanged.has_value()) return *std::move(unchanged);
  return job;
}

absl::StatusOr<Job> Ledger::Insert(Job job, int64_t max_unfinished, bool* existed) {
  job.create_time = clock_.Now();
  return store_.Insert(std::move(job), existed,
                       {codec_.StatePayload(JobState::kQueued, absl::OkStatus(), "queued")}, max_unfinished);
}

absl::Status Ledger::Report(const std::string& id, const std::string& payload, int64_t step,
                            int64_t steps_total) {
  const auto change = [&](Job& job) -> absl::Status {
    if (job.state != JobState::kRunning && job.state != JobState::kPausing &&
        job.state != JobState::kCancelling) {
      return absl::FailedPreconditionError(
          absl::StrCat("job '", id, "' is ", JobStateName(job.state), " and reports nothing"));
    }
    job.step = step;
    job.steps_total = steps_total;
    return absl::OkStatus();
  };
  return store_.Update(id, change, {payload}, clock_.Now()).status();
}

}  // namespace timbre::jobs
