#include "server/app/grpc_log.h"

#include <grpc/support/log.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/base/log_event.h"

namespace timbre::app {

GrpcLog::GrpcLog() {
  gpr_set_log_function(+[](gpr_log_func_args* line) {
    const bool error = line->severity == GPR_LOG_SEVERITY_ERROR;
    base::LogEvent(
        error ? base::LogLevel::kWarning : base::LogLevel::kDebug, "grpc",
        {{"text", line->message},
         {"at", absl::StrCat(std::filesystem::path(line->file).filename().string(), ":", line->line)}});
  });
}

GrpcLog::~GrpcLog() { gpr_set_log_function(nullptr); }

}  // namespace timbre::app
