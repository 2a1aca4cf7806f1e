#include "client/admin.h"

#include <timbre/v1/admin_service.grpc.pb.h>

#include "client/call.h"

namespace timbre::client {

absl::Status Drain(const Connection& connection) {
  const auto stub = v1::AdminService::NewStub(connection.channel);
  return CallUnary<v1::DrainResponse>(
             connection, Retry::kNever,
             [&](auto* context, auto* response) { return stub->Drain(context, {}, response); })
      .status();
}

absl::Status SetLogLevel(const Connection& connection, const std::string& level) {
  v1::SetLogLevelRequest request;
  request.set_level(level);
  const auto stub = v1::AdminService::NewStub(connection.channel);
  return CallUnary<v1::SetLogLevelResponse>(
             connection, Retry::kSafe,
             [&](auto* context, auto* response) { return stub->SetLogLevel(context, request, response); })
      .status();
}

absl::StatusOr<int64_t> Backup(const Connection& connection, const std::string& file_name) {
  v1::BackupRequest request;
  request.set_file_name(file_name);
  const auto stub = v1::AdminService::NewStub(connection.channel);
  const auto response = CallUnary<v1::BackupResponse>(
      connection, Retry::kNever,
      [&](auto* context, auto* answer) { return stub->Backup(context, request, answer); });
  if (!response.ok()) return response.status();
  return response->size_bytes();
}

}  // namespace timbre::client
