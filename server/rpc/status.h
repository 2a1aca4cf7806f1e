#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace timbre::rpc {

// The one place where absl::Status becomes grpc::Status. Rich details travel as payloads of the absl::Status,
// keyed by their type URL, and become the details of the google.rpc.Status in the trailer
// `grpc-status-details-bin`. Each error also gets an ErrorInfo with domain "timbre" and the reason (the
// code's name unless WithReason said more).
grpc::Status ToGrpcStatus(const absl::Status& status);

// Attaches a detail (a google.rpc message such as BadRequest).
absl::Status WithDetail(absl::Status status, const google::protobuf::Message& detail);

// A machine-readable reason in UPPER_SNAKE_CASE, and the figures behind it.
absl::Status WithReason(absl::Status status, const std::string& reason,
                        const std::vector<std::pair<std::string, std::string>>& metadata = {});

// Says when to try again.
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

}  // namespace timbre::rpc
