#pragma once

// Jobs as texts.

#include <timbre/v1/job_service.pb.h>

#include <string>
#include <vector>

#include "client/cli/session.h"

namespace timbre::cli {

// One line a job.
std::string JobTable(const std::vector<v1::Job>& jobs);

// All about one job, its result included.
std::string JobText(const Console& console, const v1::Job& job);

// How a job ended, and what to do next: after a watch.
std::string OutcomeText(const Console& console, const v1::Job& job);

}  // namespace timbre::cli
