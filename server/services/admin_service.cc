#include "server/services/admin_service.h"

#include <algorithm>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/log.h"
#include "core/base/log_event.h"
#include "core/base/status_macros.h"

namespace timbre::services {
namespace {

constexpr size_t kMaxNameLength = 128;

// No folders, and nothing hidden: the file lies in the folder for backups.
absl::Status CheckFileName(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= kMaxNameLength && name[0] != '.' &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
                    });
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("file_name must be 1 to ", kMaxNameLength,
                   " letters, digits, '.', '_' and '-', and not begin with '.': a name, no path"));
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::Drain(grpc::CallbackServerContext* context,
                                              const v1::DrainRequest* request, v1::DrainResponse*) {
  return deps_.runner.RunAsync(
      "AdminService/Drain", context, *request,
      [this](const rpc::CallContext& call, const rpc::UnaryDone& done) {
        if (!deps_.end)
          return done(absl::FailedPreconditionError("nobody waits for this server's end; send SIGTERM"));
        base::LogEvent(base::LogLevel::kWarning, "drain asked for",
                       {{"client", call.caller.client}, {"request_id", call.record->request_id()}});
        // Answered first: the call is among those that the drain lets finish.
        done(absl::OkStatus());
        deps_.end();
      });
}

grpc::ServerUnaryReactor* AdminService::SetLogLevel(grpc::CallbackServerContext* context,
                                                    const v1::SetLogLevelRequest* request,
                                                    v1::SetLogLevelResponse*) {
  return deps_.runner.Run("AdminService/SetLogLevel", context, *request,
                          [request](const rpc::CallContext&) { return base::SetLogLevel(request->level()); });
}

grpc::ServerUnaryReactor* AdminService::Backup(grpc::CallbackServerContext* context,
                                               const v1::BackupRequest* request,
                                               v1::BackupResponse* response) {
  return deps_.runner.Run("AdminService/Backup", context, *request,
                          [this, request, response](const rpc::CallContext&) {
                            return WriteBackup(request->file_name(), *response);
                          });
}

absl::Status AdminService::WriteBackup(const std::string& name, v1::BackupResponse& response) {
  TIMBRE_RETURN_IF_ERROR(CheckFileName(name));
  const std::filesystem::path path = deps_.backups_dir / name;
  base::MutexLock lock(backup_mutex_);
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is a backup '", name, "' already; choose another name, or remove it first"));
  }
  TIMBRE_RETURN_IF_ERROR(deps_.database.BackupTo(path));
  const auto size = std::filesystem::file_size(path, error);
  if (error) return base::ErrnoStatus(error.value(), "read", path);
  response.set_size_bytes(static_cast<int64_t>(size));
  return absl::OkStatus();
}

}  // namespace timbre::services
