#pragma once

// Calls of JobService. `name` is long: "jobs/j1" (see names.h).
// Errors: as job_service.proto lists them; kUnavailable, kDeadlineExceeded when the server does not answer.
// Threads: safe.

#include <timbre/v1/job_service.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

// Queues a job. Without a request_id it gets a fresh one, so that a repeat after a broken answer returns the
// same job and does not make a second one.
absl::StatusOr<v1::Job> SubmitJob(const Connection& connection, v1::SubmitJobRequest request);

absl::StatusOr<v1::Job> GetJob(const Connection& connection, const std::string& name);

// The newest `limit` jobs in one of `states` (empty: all), over as many pages as it takes.
absl::StatusOr<std::vector<v1::Job>> ListJobs(const Connection& connection,
                                              const std::vector<v1::JobState>& states, int limit);

absl::StatusOr<v1::Job> PauseJob(const Connection& connection, const std::string& name);
absl::StatusOr<v1::Job> ResumeJob(const Connection& connection, const std::string& name);
absl::StatusOr<v1::Job> CancelJob(const Connection& connection, const std::string& name);
absl::Status DeleteJob(const Connection& connection, const std::string& name);

// Whether a job in this state is over.
bool IsOver(v1::JobState state);

}  // namespace timbre::client
