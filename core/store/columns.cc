#include "core/store/columns.h"

namespace timbre::store {

void BindTime(SQLite::Statement& statement, int index, absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) {
    statement.bind(index);
  } else {
    statement.bind(index, static_cast<int64_t>(absl::ToUnixNanos(time)));
  }
}

absl::Time ReadTime(const SQLite::Column& column) {
  return column.isNull() ? absl::InfinitePast() : absl::FromUnixNanos(column.getInt64());
}

void BindBytes(SQLite::Statement& statement, int index, const std::string& bytes) {
  statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

absl::Status ReadStatus(const SQLite::Column& code, const SQLite::Column& message) {
  return absl::Status(static_cast<absl::StatusCode>(code.getInt()), message.getString());
}

}  // namespace timbre::store
