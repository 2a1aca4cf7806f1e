#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/jobs/job.h"

namespace timbre::jobs {

// Where a job goes next, and what is kept of it.
struct Move {
  JobState to = JobState::kQueued;
  std::string message{};   // for the event
  absl::Status error{};    // of FAILED
  std::string result{};    // of SUCCEEDED
  bool restarted = false;  // counts as one of job.restarts
  int deaths = 0;          // what job.deaths becomes, at job.step
};

// A move; nothing: the job stays as it is; an error: what was asked for cannot be.
using NextMove = absl::StatusOr<std::optional<Move>>;

// What the scheduler decides about a job as it is on disk: pure functions, each answers one question.
// Errors: kFailedPrecondition says in which state the job is, and what can be done.

NextMove MoveOnCancel(const Job& job);
NextMove MoveOnPause(const Job& job);
NextMove MoveOnResume(const Job& job);

// A lane has taken the job off its queue. To run it is the answer when the job is RUNNING afterwards.
NextMove MoveOnBegin(const Job& job);

// Its body has returned `outcome`; `token` is what its cancel token said then.
NextMove MoveOnEnd(const Job& job, const absl::StatusOr<std::string>& outcome, const absl::Status& token);

// What a request (PAUSING, CANCELLING) comes to when no body runs that could answer it.
NextMove MoveWithoutBody(const Job& job);

// Servers that may end in a row under a job without a step in between: then the job is what ends them.
inline constexpr int kMaxDeaths = 5;

// A new scheduler finds the job in the store. One that kMaxDeaths servers have ended under is FAILED, so that
// it does not end the next.
NextMove MoveOnTakeOver(const Job& job);

}  // namespace timbre::jobs
