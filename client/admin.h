#pragma once

// What operators ask of a server.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

// Asks the server to end as SIGTERM does. OK says that it will, not that it has. One attempt.
absl::Status Drain(const Connection& connection);

// `level`: debug, info, warn, error or off. Errors: kInvalidArgument another one.
absl::Status SetLogLevel(const Connection& connection, const std::string& level);

// Writes a copy of the server's database to backups/FILE_NAME of its state folder; returns its bytes. One
// attempt. Errors: kInvalidArgument the name · kAlreadyExists the file is there.
absl::StatusOr<int64_t> Backup(const Connection& connection, const std::string& file_name);

}  // namespace timbre::client
