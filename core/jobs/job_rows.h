#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/jobs/job.h"

namespace timbre::jobs::rows {

// The SQL of the room: tables, and jobs to rows and back. All of it runs inside a Database::Read or
// Transaction and may throw SQLite::Exception, which becomes a status there.

// Schema steps for store::Migrate.
std::span<const char* const> SchemaSteps();

// The columns that Read wants, in its order, for "SELECT <kColumns> FROM jobs ...".
extern const char* const kColumns;
Job Read(SQLite::Statement& statement);

std::optional<Job> Find(SQLite::Database& db, const std::string& id);
std::optional<Job> FindByRequest(SQLite::Database& db, const std::string& request_id);

// An id that no job has: "j" and 12 hex digits, from SQLite's random source.
std::string NewId(SQLite::Database& db);

void Insert(SQLite::Database& db, const Job& job);

// Jobs of the client that are not over.
int64_t CountUnfinished(SQLite::Database& db, const std::string& client);

// Writes the columns that may change.
void Update(SQLite::Database& db, const Job& job);

// Appends the events last_sequence + 1, ... and moves job.last_sequence (in memory: the caller writes the row
// in the same transaction).
void AppendEvents(SQLite::Database& db, Job& job, const std::vector<std::string>& payloads, absl::Time now);

}  // namespace timbre::jobs::rows
