#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/base/mutex.h"
#include "core/store/database.h"
#include "server/rpc/unary.h"
#include "timbre/v1/admin_service.grpc.pb.h"

namespace timbre::services {

// Threads: safe.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  // Lifetime: the references outlive the service.
  struct Dependencies {
    const rpc::UnaryRunner& runner;
    store::Database& database;
    std::filesystem::path backups_dir;
    std::function<void()> end;  // asks for the end of the process and returns at once; empty: nobody can
  };
  explicit AdminService(Dependencies deps) : deps_(std::move(deps)) {}

  grpc::ServerUnaryReactor* Drain(grpc::CallbackServerContext* context, const v1::DrainRequest* request,
                                  v1::DrainResponse* response) override;
  grpc::ServerUnaryReactor* SetLogLevel(grpc::CallbackServerContext* context,
                                        const v1::SetLogLevelRequest* request,
                                        v1::SetLogLevelResponse* response) override;
  grpc::ServerUnaryReactor* Backup(grpc::CallbackServerContext* context, const v1::BackupRequest* request,
                                   v1::BackupResponse* response) override;

 private:
  absl::Status WriteBackup(const std::string& name, v1::BackupResponse& response);

  const Dependencies deps_;
  base::Mutex backup_mutex_;  // one backup at a time: nothing comes between looking for a file and writing it
};

}  // namespace timbre::services
