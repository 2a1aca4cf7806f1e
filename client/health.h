#pragma once

// Asks a server by grpc.health.v1 whether it serves.

#include <string>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

// Whether the server, or one service of it ("" is the whole server), says SERVING. One attempt: who asks
// wants to know how it is now. Errors: kNotFound the server has no such service · kUnavailable,
// kDeadlineExceeded it does not answer.
absl::StatusOr<bool> IsServing(const Connection& connection, const std::string& service);

}  // namespace timbre::client
