#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace grpc {
class Status;
}

namespace timbre::client {

// The answer's status as an absl::Status. The details of google.rpc.Status become payloads, keyed by their
// type URL.
absl::Status FromGrpcStatus(const grpc::Status& status);

// The wait that the server asks for (RetryInfo), if it does.
std::optional<absl::Duration> RetryDelay(const absl::Status& status);

// A status for people, over several lines where it has details: each field that was wrong (BadRequest), what
// stands in the way (PreconditionFailure), the reason and its figures (ErrorInfo), when to try again
// (RetryInfo), and under which request id the server's log has the call (RequestInfo).
//   INVALID_ARGUMENT: the training config is not valid
//     training_config.batch_tracks: must be in [2, 4096], was 1
std::string Describe(const absl::Status& status);

}  // namespace timbre::client
