#include "core/jobs/job_rows.h"

#include "absl/strings/str_cat.h"
#include "core/store/columns.h"

namespace timbre::jobs::rows {
namespace {

using store::BindBytes;
using store::BindTime;

constexpr const char* kSteps[] = {
    R"sql(
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of insertion
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  display_name TEXT NOT NULL,
  spec BLOB NOT NULL,
  request_id TEXT UNIQUE,                    -- NULL: none
  state TEXT NOT NULL,
  error_code INTEGER NOT NULL,
  error_message TEXT NOT NULL,
  result BLOB NOT NULL,
  step INTEGER NOT NULL,
  steps_total INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  restarts INTEGER NOT NULL,
  create_ns INTEGER,
  update_ns INTEGER,
  start_ns INTEGER,
  end_ns INTEGER
);
CREATE INDEX jobs_by_state ON jobs (state);
CREATE TABLE job_events (
  job_number INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  time_ns INTEGER,
  payload BLOB NOT NULL,
  PRIMARY KEY (job_number, sequence)
) WITHOUT ROWID;
)sql",
    R"sql(
ALTER TABLE jobs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN death_step INTEGER NOT NULL DEFAULT 0;
)sql",
    R"sql(
ALTER TABLE jobs ADD COLUMN client TEXT NOT NULL DEFAULT '';
)sql",
};

// Columns that never change after the insert come first, then those of Update, in its order.
void BindChanging(SQLite::Statement& statement, int first, const Job& job) {
  statement.bind(first, JobStateName(job.state));
  statement.bind(first + 1, static_cast<int>(job.error.code()));
  statement.bind(first + 2, std::string(job.error.message()));
  BindBytes(statement, first + 3, job.result);
  statement.bind(first + 4, job.step);
  statement.bind(first + 5, job.steps_total);
  statement.bind(first + 6, job.last_sequence);
  statement.bind(first + 7, job.restarts);
  BindTime(statement, first + 8, job.update_time);
  BindTime(statement, first + 9, job.start_time);
  BindTime(statement, first + 10, job.end_time);
  statement.bind(first + 11, job.deaths);
  statement.bind(first + 12, job.death_step);
}

std::optional<Job> FindWhere(SQLite::Database& db, const char* condition, const std::string& value) {
  SQLite::Statement query(db, absl::StrCat("SELECT ", kColumns, " FROM jobs WHERE ", condition));
  query.bind(1, value);
  if (!query.executeStep()) return std::nullopt;
  return Read(query);
}

}  // namespace

const char* const kColumns =
    "id, kind, display_name, spec, request_id, create_ns, state, error_code, error_message, result, step, "
    "steps_total, last_sequence, restarts, update_ns, start_ns, end_ns, deaths, death_step, client";

std::span<const char* const> SchemaSteps() { return kSteps; }

Job Read(SQLite::Statement& row) {
  Job job;
  job.id = row.getColumn(0).getString();
  job.kind = row.getColumn(1).getString();
  job.display_name = row.getColumn(2).getString();
  job.spec = row.getColumn(3).getString();
  job.request_id = row.getColumn(4).getString();
  job.create_time = store::ReadTime(row.getColumn(5));
  const std::string state = row.getColumn(6).getString();
  // Only a damaged file holds another name; the exception becomes a status in store::Database.
  job.state = JobStateFromName(state).value();
  job.error = store::ReadStatus(row.getColumn(7), row.getColumn(8));
  job.result = row.getColumn(9).getString();
  job.step = row.getColumn(10).getInt64();
  job.steps_total = row.getColumn(11).getInt64();
  job.last_sequence = row.getColumn(12).getInt64();
  job.restarts = row.getColumn(13).getInt();
  job.update_time = store::ReadTime(row.getColumn(14));
  job.start_time = store::ReadTime(row.getColumn(15));
  job.end_time = store::ReadTime(row.getColumn(16));
  job.deaths = row.getColumn(17).getInt();
  job.death_step = row.getColumn(18).getInt64();
  job.client = row.getColumn(19).getString();
  return job;
}

std::optional<Job> Find(SQLite::Database& db, const std::string& id) { return FindWhere(db, "id = ?", id); }

std::optional<Job> FindByRequest(SQLite::Database& db, const std::string& request_id) {
  return FindWhere(db, "request_id = ?", request_id);
}

std::string NewId(SQLite::Database& db) {
  std::string id;
  do {
    id = NewJobId();
  } while (Find(db, id).has_value());
  return id;
}

void Insert(SQLite::Database& db, const Job& job) {
  SQLite::Statement insert(
      db, absl::StrCat("INSERT INTO jobs (", kColumns, ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  insert.bind(1, job.id);
  insert.bind(2, job.kind);
  insert.bind(3, job.display_name);
  BindBytes(insert, 4, job.spec);
  if (job.request_id.empty()) {
    insert.bind(5);
  } else {
    insert.bind(5, job.request_id);
  }
  BindTime(insert, 6, job.create_time);
  BindChanging(insert, 7, job);
  insert.bind(20, job.client);
  insert.exec();
}

int64_t CountUnfinished(SQLite::Database& db, const std::string& client) {
  SQLite::Statement count(db,
                          "SELECT COUNT(*) FROM jobs WHERE client = ? AND state NOT IN "
                          "('SUCCEEDED', 'FAILED', 'CANCELLED')");
  count.bind(1, client);
  count.executeStep();
  return count.getColumn(0).getInt64();
}

void Update(SQLite::Database& db, const Job& job) {
  SQLite::Statement update(
      db,
      "UPDATE jobs SET state = ?, error_code = ?, error_message = ?, result = ?, step = ?, steps_total = ?, "
      "last_sequence = ?, restarts = ?, update_ns = ?, start_ns = ?, end_ns = ?, deaths = ?, death_step = ? "
      "WHERE id = ?");
  BindChanging(update, 1, job);
  update.bind(14, job.id);
  update.exec();
}

void AppendEvents(SQLite::Database& db, Job& job, const std::vector<std::string>& payloads, absl::Time now) {
  SQLite::Statement insert(db,
                           "INSERT INTO job_events (job_number, sequence, time_ns, payload) "
                           "SELECT number, ?, ?, ? FROM jobs WHERE id = ?");
  for (const std::string& payload : payloads) {
    insert.bind(1, ++job.last_sequence);
    BindTime(insert, 2, now);
    BindBytes(insert, 3, payload);
    insert.bind(4, job.id);
    insert.exec();
    insert.reset();
  }
}

}  // namespace timbre::jobs::rows
