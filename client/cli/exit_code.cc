#include "client/cli/exit_code.h"

namespace timbre::cli {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kUnavailable;
    case absl::StatusCode::kCancelled:
      return ExitCode::kCancelled;
    default:
      return ExitCode::kFailed;
  }
}

ExitCode ExitCodeOf(v1::JobState state) {
  if (state == v1::JOB_STATE_FAILED) return ExitCode::kFailed;
  if (state == v1::JOB_STATE_CANCELLED) return ExitCode::kCancelled;
  return ExitCode::kOk;
}

const char* ExitCodeHelp() {
  return "Exit codes:\n"
         "  0  done\n"
         "  1  the call or the job failed\n"
         "  2  the command line is wrong\n"
         "  3  no such job, data set, model or file\n"
         "  4  the server cannot be reached, or did not answer in time\n"
         "  5  the job was cancelled";
}

}  // namespace timbre::cli
