#pragma once

// Unary calls of InferenceService.
// Errors: as inference_service.proto lists them; kUnavailable, kDeadlineExceeded when the server does not
// answer. A full queue is tried again when the server says so.
// Threads: safe.

#include <timbre/v1/inference_service.pb.h>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

absl::StatusOr<v1::EmbedResponse> Embed(const Connection& connection, const v1::EmbedRequest& request);
absl::StatusOr<v1::TagResponse> Tag(const Connection& connection, const v1::TagRequest& request);
absl::StatusOr<v1::GetInfoResponse> GetInfo(const Connection& connection);

}  // namespace timbre::client
