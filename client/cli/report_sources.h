#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "client/report/document.h"

namespace timbre::cli {

// Asks the server for all that a report of `job` (jobs/j1) is made of: the job; of a probe also the version
// it judged and the training that made that; the data sets; the training's events up to now. What is not
// there any more leaves a note in the parts.
// Errors: kInvalidArgument the job is neither a training nor a probe · kNotFound the job · kUnavailable.
absl::StatusOr<report::ReportParts> GatherReport(const Session& session, const std::string& job);

}  // namespace timbre::cli
