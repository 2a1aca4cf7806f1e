#include "server/services/admin_service.h"

#include "core/base/log.h"

namespace timbre::services {

grpc::ServerUnaryReactor* AdminService::Drain(grpc::CallbackServerContext* context, const v1::DrainRequest*,
                                              v1::DrainResponse*) {
  return runner_.Run("AdminService/Drain", context, [](const rpc::CallContext&) {
    return rpc::NotBuilt("AdminService/Drain (send SIGTERM instead)");
  });
}

grpc::ServerUnaryReactor* AdminService::SetLogLevel(grpc::CallbackServerContext* context,
                                                    const v1::SetLogLevelRequest* request,
                                                    v1::SetLogLevelResponse*) {
  return runner_.Run("AdminService/SetLogLevel", context,
                     [request](const rpc::CallContext&) { return base::SetLogLevel(request->level()); });
}

grpc::ServerUnaryReactor* AdminService::Backup(grpc::CallbackServerContext* context, const v1::BackupRequest*,
                                               v1::BackupResponse*) {
  return runner_.Run("AdminService/Backup", context,
                     [](const rpc::CallContext&) { return rpc::NotBuilt("AdminService/Backup"); });
}

}  // namespace timbre::services
