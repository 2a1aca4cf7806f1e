#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace timbre::store {

// How values that SQLite does not know are kept in columns, the same in every room.
// Times: nanoseconds since 1970, infinite ones as NULL (read back as InfinitePast). Bytes: BLOB.
// Statuses: a code and a message column.

void BindTime(SQLite::Statement& statement, int index, absl::Time time);
absl::Time ReadTime(const SQLite::Column& column);

void BindBytes(SQLite::Statement& statement, int index, const std::string& bytes);

absl::Status ReadStatus(const SQLite::Column& code, const SQLite::Column& message);

}  // namespace timbre::store
