#include "server/services/job_log.h"

#include "core/base/log_event.h"
#include "server/convert/names.h"

namespace timbre::services {

void LogSubmitted(const std::string& job_id, const std::string& kind, const rpc::CallRecord& record) {
  base::LogEvent(base::LogLevel::kInfo, "job submitted",
                 {{"job", job_id},
                  {"kind", kind},
                  {"request_id", record.request_id()},
                  {"trace_id", record.trace().trace_id}});
}

void LogIngest(const std::string& job_name, const rpc::CallRecord& record) {
  LogSubmitted(convert::ParseJobName(job_name).value_or(job_name), "ingest", record);
}

}  // namespace timbre::services
