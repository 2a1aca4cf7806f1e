#pragma once

#include "server/rpc/unary.h"
#include "timbre/v1/admin_service.grpc.pb.h"

namespace timbre::services {

// Threads: safe.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  explicit AdminService(const rpc::UnaryRunner& runner) : runner_(runner) {}

  grpc::ServerUnaryReactor* Drain(grpc::CallbackServerContext* context, const v1::DrainRequest* request,
                                  v1::DrainResponse* response) override;
  grpc::ServerUnaryReactor* SetLogLevel(grpc::CallbackServerContext* context,
                                        const v1::SetLogLevelRequest* request,
                                        v1::SetLogLevelResponse* response) override;
  grpc::ServerUnaryReactor* Backup(grpc::CallbackServerContext* context, const v1::BackupRequest* request,
                                   v1::BackupResponse* response) override;

 private:
  const rpc::UnaryRunner& runner_;
};

}  // namespace timbre::services
