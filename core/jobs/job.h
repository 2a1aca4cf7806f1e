#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace timbre::jobs {

enum class JobState { kQueued, kRunning, kPausing, kPaused, kCancelling, kSucceeded, kFailed, kCancelled };

const char* JobStateName(JobState state);                            // "QUEUED", ...
absl::StatusOr<JobState> JobStateFromName(const std::string& name);  // kInvalidArgument

// SUCCEEDED, FAILED and CANCELLED (the last two may be resumed where a snapshot exists).
bool IsTerminal(JobState state);

// The transition table as data. Errors: kFailedPrecondition, with the states that `to` can be reached from.
absl::Status CheckTransition(JobState from, JobState to);

// One job. The spec, and the result, are opaque bytes to this room: the server supplies the codec.
struct Job {
  std::string id;    // "j" + 12 hex digits; resource name jobs/{id}
  std::string kind;  // ssl_training | linear_probe | ingest
  std::string display_name;
  std::string client;      // who submitted it; empty: not known
  std::string spec;        // serialized by the server
  std::string request_id;  // idempotence key of the submit; empty if none
  JobState state = JobState::kQueued;
  absl::Status error;  // of FAILED jobs
  std::string result;  // serialized by the server; empty until SUCCEEDED
  int64_t step = 0, steps_total = 0;
  int64_t last_sequence = 0;  // of its events
  int restarts = 0;           // times it went on after the server died or was resumed
  // Servers that ended in a row while it ran without a step in between, and its step at the last of them.
  int deaths = 0;
  int64_t death_step = 0;
  absl::Time create_time, update_time;
  absl::Time start_time = absl::InfinitePast();  // InfinitePast: not yet
  absl::Time end_time = absl::InfinitePast();
};

// One numbered event of a job, 1, 2, 3, ... without gaps. `payload` is opaque bytes (the server's codec).
struct JobEvent {
  std::string job_id;
  int64_t sequence = 0;
  absl::Time time;
  std::string payload;
};

// A new random id, for a job whose name must be known before it is inserted.
std::string NewJobId();

}  // namespace timbre::jobs
