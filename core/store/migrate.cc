#include "core/store/migrate.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace timbre::store {
namespace {

int64_t VersionOf(SQLite::Database& db, const std::string& room) {
  SQLite::Statement query(db, "SELECT version FROM schema_versions WHERE room = ?");
  query.bind(1, room);
  return query.executeStep() ? query.getColumn(0).getInt64() : 0;
}

}  // namespace

absl::Status Migrate(Database& database, const std::string& room, std::span<const char* const> steps) {
  return database.Transaction([&](SQLite::Database& db) {
    db.exec("CREATE TABLE IF NOT EXISTS schema_versions (room TEXT PRIMARY KEY, version INTEGER NOT NULL)");
    const int64_t version = VersionOf(db, room);
    const int64_t newest = static_cast<int64_t>(steps.size());
    if (version > newest) {
      return absl::FailedPreconditionError(
          absl::StrCat("the database's tables of '", room, "' have schema version ", version,
                       ", this program knows ", newest, " at most: run the newer program that wrote them"));
    }
    for (const char* step : steps.subspan(static_cast<size_t>(version))) db.exec(step);
    if (version == newest) return absl::OkStatus();
    SQLite::Statement update(db, "INSERT OR REPLACE INTO schema_versions (room, version) VALUES (?, ?)");
    update.bind(1, room);
    update.bind(2, newest);
    update.exec();
    return absl::OkStatus();
  });
}

}  // namespace timbre::store
