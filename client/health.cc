#include "client/health.h"

#include <grpc/health/v1/health.grpc.pb.h>

#include "client/call.h"

namespace timbre::client {

namespace health = grpc::health::v1;

absl::StatusOr<bool> IsServing(const Connection& connection, const std::string& service) {
  const auto stub = health::Health::NewStub(connection.channel);
  health::HealthCheckRequest request;
  request.set_service(service);
  auto response = CallUnary<health::HealthCheckResponse>(
      connection, Retry::kNever,
      [&](auto* context, auto* answer) { return stub->Check(context, request, answer); });
  if (!response.ok()) return response.status();
  return response->status() == health::HealthCheckResponse::SERVING;
}

}  // namespace timbre::client
