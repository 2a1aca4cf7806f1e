#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"

namespace timbre::store {

// The service's one SQLite file (WAL, synchronous FULL, foreign keys on): jobs, events, data sets, models
// share it. Threads: safe; calls run one after another. Errors of SQLite become statuses here and nowhere
// else: disk full is kResourceExhausted, corruption kDataLoss, the rest kInternal.
class Database {
 public:
  // Opens or makes the file. Errors: kFailedPrecondition another process holds it · kDataLoss no SQLite file
  // · kInternal.
  static absl::StatusOr<std::shared_ptr<Database>> Open(const std::filesystem::path& path);

  // A private in-memory database, for tests.
  static absl::StatusOr<std::shared_ptr<Database>> OpenInMemoryForTest();

  // Runs `body` in one transaction: committed if it returns OK, else rolled back. SQLite's exceptions become
  // statuses. `body` must not call the database object again.
  absl::Status Transaction(const std::function<absl::Status(SQLite::Database&)>& body);

  // The same without a write lock.
  absl::Status Read(const std::function<absl::Status(SQLite::Database&)>& body);

  // Writes a consistent copy while in use (SQLite's backup).
  absl::Status BackupTo(const std::filesystem::path& path);

 private:
  explicit Database(std::unique_ptr<SQLite::Database> database) : database_(std::move(database)) {}
  base::Mutex mutex_;
  std::unique_ptr<SQLite::Database> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace timbre::store
