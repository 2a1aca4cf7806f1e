#pragma once

#include <timbre/v1/job_service.pb.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/session.h"

namespace timbre::cli {

// Shows a job's events after `after_sequence` until it is over, through any number of reconnects, then
// returns it as it is. With --json it shows nothing.
// Errors: kNotFound, or kUnavailable if the server cannot be reached at the start · those of
// client::FollowJob.
absl::StatusOr<v1::Job> WatchToEnd(const Session& session, const client::Connection& connection,
                                   const std::string& job_name, int64_t after_sequence = 0);

}  // namespace timbre::cli
