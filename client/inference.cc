#include "client/inference.h"

#include <timbre/v1/inference_service.grpc.pb.h>

#include "client/call.h"

namespace timbre::client {

absl::StatusOr<v1::EmbedResponse> Embed(const Connection& connection, const v1::EmbedRequest& request) {
  const auto stub = v1::InferenceService::NewStub(connection.channel);
  return CallUnary<v1::EmbedResponse>(connection, Retry::kSafe, [&](auto* context, auto* response) {
    return stub->Embed(context, request, response);
  });
}

absl::StatusOr<v1::TagResponse> Tag(const Connection& connection, const v1::TagRequest& request) {
  const auto stub = v1::InferenceService::NewStub(connection.channel);
  return CallUnary<v1::TagResponse>(connection, Retry::kSafe, [&](auto* context, auto* response) {
    return stub->Tag(context, request, response);
  });
}

absl::StatusOr<v1::GetInfoResponse> GetInfo(const Connection& connection) {
  const auto stub = v1::InferenceService::NewStub(connection.channel);
  return CallUnary<v1::GetInfoResponse>(connection, Retry::kSafe, [&](auto* context, auto* response) {
    return stub->GetInfo(context, v1::GetInfoRequest(), response);
  });
}

}  // namespace timbre::client
