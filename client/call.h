#pragma once

// The one way in which this library makes a unary call: deadline, status, retries; and what every call
// carries. Internal to client/*.cc.

#include <grpcpp/client_context.h>

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/status.h"

namespace timbre::client {

enum class Retry {
  // A second call could do harm.
  kNever,
  // The call may be repeated: after UNAVAILABLE with back-off, and as long as the server asks for it by
  // RetryInfo.
  kSafe,
};

// Gives a new call's context what all calls of the connection carry; returns it.
grpc::ClientContext* Prepared(const Connection& connection, grpc::ClientContext& context);

// Makes attempts until one succeeds, fails for good, or there were too many.
absl::Status RunCall(const Connection& connection, Retry retry,
                     const std::function<grpc::Status(grpc::ClientContext*)>& attempt);

//   CallUnary<v1::GetJobResponse>(connection, Retry::kSafe, [&](auto* context, auto* response) {
//     return stub->GetJob(context, request, response);
//   });
template <typename Response, typename Method>
absl::StatusOr<Response> CallUnary(const Connection& connection, Retry retry, Method method) {
  Response response;
  absl::Status status = RunCall(connection, retry, [&](grpc::ClientContext* context) {
    response.Clear();
    return method(context, &response);
  });
  if (!status.ok()) return status;
  return response;
}

}  // namespace timbre::client
