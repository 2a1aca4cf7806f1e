#pragma once

#include <string>

#include "server/rpc/call.h"

namespace timbre::services {

// Joins what the log says of a job to the call that submitted it, and so to its trace.
void LogSubmitted(const std::string& job_id, const std::string& kind, const rpc::CallRecord& record);
// The same of the ingest of a data set that was just made; `job_name`: jobs/{id}.
void LogIngest(const std::string& job_name, const rpc::CallRecord& record);

}  // namespace timbre::services
