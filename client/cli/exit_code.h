#pragma once

#include <timbre/v1/job_service.pb.h>

#include "absl/status/status.h"

namespace timbre::cli {

// What `timbre` tells a script. `timbre --help` lists them.
enum class ExitCode {
  kOk = 0,
  // The call or the job failed.
  kFailed = 1,
  // The command line is wrong; nothing was sent.
  kUsage = 2,
  // There is no such job, data set, model or file.
  kNotFound = 3,
  // The server cannot be reached, or did not answer in time.
  kUnavailable = 4,
  // The job was cancelled.
  kCancelled = 5,
};

ExitCode ExitCodeOf(const absl::Status& status);

// Of a job that somebody waited for. One that is not over is kOk.
ExitCode ExitCodeOf(v1::JobState state);

// The codes as a text for --help.
const char* ExitCodeHelp();

}  // namespace timbre::cli
