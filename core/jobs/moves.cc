#include "core/jobs/moves.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace timbre::jobs {
namespace {

absl::Status AlreadyOver(const Job& job) {
  return absl::FailedPreconditionError(
      absl::StrCat("job '", job.id, "' is ", JobStateName(job.state), ": it is over already"));
}

}  // namespace

NextMove MoveOnCancel(const Job& job) {
  if (IsTerminal(job.state)) return AlreadyOver(job);
  switch (job.state) {
    case JobState::kCancelling:
      return std::nullopt;
    case JobState::kQueued:
    case JobState::kPaused:
      return Move{.to = JobState::kCancelled, .message = "cancelled"};
    default:
      return Move{.to = JobState::kCancelling, .message = "cancel requested"};
  }
}

NextMove MoveOnPause(const Job& job) {
  if (IsTerminal(job.state)) return AlreadyOver(job);
  switch (job.state) {
    case JobState::kPausing:
    case JobState::kPaused:
      return std::nullopt;
    case JobState::kQueued:
      return Move{.to = JobState::kPaused, .message = "paused before it started"};
    case JobState::kCancelling:
      return absl::FailedPreconditionError(
          absl::StrCat("job '", job.id, "' is being cancelled; resume it afterwards if it has a snapshot"));
    default:
      return Move{.to = JobState::kPausing, .message = "pause requested"};
  }
}

NextMove MoveOnResume(const Job& job) {
  if (job.state != JobState::kPaused && job.state != JobState::kFailed && job.state != JobState::kCancelled) {
    return absl::FailedPreconditionError(
        absl::StrCat("job '", job.id, "' is ", JobStateName(job.state),
                     "; only a PAUSED job, or a FAILED or CANCELLED one with a snapshot, can be resumed"));
  }
  return Move{.to = JobState::kQueued,
              .message = absl::StrCat("resumed; last reported step ", job.step),
              .restarted = job.start_time != absl::InfinitePast()};
}

NextMove MoveOnBegin(const Job& job) {
  switch (job.state) {
    case JobState::kQueued:
      return Move{.to = JobState::kRunning, .message = "started"};
    case JobState::kRunning:
      return std::nullopt;  // taken over from a dead process, which Scheduler::Start has told
    case JobState::kPausing:
    case JobState::kCancelling:
      return MoveWithoutBody(job);
    default:
      return absl::FailedPreconditionError(absl::StrCat("the job is ", JobStateName(job.state)));
  }
}

NextMove MoveOnEnd(const Job& job, const absl::StatusOr<std::string>& outcome, const absl::Status& token) {
  if (outcome.ok()) return Move{.to = JobState::kSucceeded, .message = "done", .result = *outcome};
  const absl::Status& error = outcome.status();
  const bool gave_way = !token.ok() && error.code() == token.code();
  switch (job.state) {
    case JobState::kCancelling:
      return Move{.to = JobState::kCancelled, .message = "cancelled"};
    case JobState::kPausing:
      if (gave_way) return Move{.to = JobState::kPaused, .message = "paused"};
      break;
    case JobState::kRunning:
      if (gave_way) return std::nullopt;  // the server stops; the next one goes on with the job
      break;
    default:
      return absl::FailedPreconditionError(absl::StrCat("the job is ", JobStateName(job.state), " already"));
  }
  return Move{.to = JobState::kFailed, .message = "failed", .error = error};
}

NextMove MoveWithoutBody(const Job& job) {
  if (job.state == JobState::kCancelling) return Move{.to = JobState::kCancelled, .message = "cancelled"};
  if (job.state == JobState::kPausing) return Move{.to = JobState::kPaused, .message = "paused"};
  return std::nullopt;
}

NextMove MoveOnTakeOver(const Job& job) {
  if (job.state != JobState::kRunning) return MoveWithoutBody(job);
  const int deaths = job.step > job.death_step ? 1 : job.deaths + 1;
  if (deaths > kMaxDeaths) {
    return Move{
        .to = JobState::kFailed,
        .message = "failed",
        .error = absl::AbortedError(absl::StrCat(
            kMaxDeaths, " servers in a row ended while the job ran at step ", job.step,
            " (out of memory, perhaps: look at the log of the system); make its batch smaller and submit it "
            "anew, or resume it where it has a snapshot"))};
  }
  return Move{.to = JobState::kRunning,
              .message = absl::StrCat("goes on after an interruption; last reported step ", job.step),
              .restarted = true,
              .deaths = deaths};
}

}  // namespace timbre::jobs
