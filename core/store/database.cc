#include "core/store/database.h"

#include <SQLiteCpp/Backup.h>
#include <sqlite3.h>

#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"

namespace timbre::store {
namespace {

constexpr int kBackupPagesAtOnce = 256;

// The exclusive lock makes a second server on the same file an error at start, not a surprise later; it is
// the operating system's, so it ends with its process, however that dies.
constexpr const char* kPragmas =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "BEGIN EXCLUSIVE; COMMIT;";

bool IsOutOfSpace(int code, int system_error) {
  // SQLite knows a full disk, but calls a reached quota or file size limit an I/O error.
  return code == SQLITE_FULL || (code == SQLITE_IOERR &&
                                 (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG));
}

absl::Status ToStatus(const SQLite::Exception& error, sqlite3* handle) {
  const int code = error.getErrorCode() & 0xff;
  const int system_error = handle == nullptr ? 0 : sqlite3_system_errno(handle);
  if (IsOutOfSpace(code, system_error)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the database cannot grow: ", error.what(), "; free disk space (or raise the quota)"));
  }
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(
          absl::StrCat("the database is damaged: ", error.what(), "; restore a backup"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::FailedPreconditionError(
          absl::StrCat("another process holds the database (", error.what(), "); stop it first"));
    default:
      return absl::InternalError(absl::StrCat("database: ", error.what()));
  }
}

// Runs `body`; what it throws becomes a status.
template <typename Body>
absl::Status Guarded(SQLite::Database* database, const Body& body) {
  try {
    return body();
  } catch (const SQLite::Exception& error) {
    return ToStatus(error, database == nullptr ? nullptr : database->getHandle());
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("database: ", error.what()));
  }
}

absl::Status Annotate(const absl::Status& status, const std::filesystem::path& path) {
  return absl::Status(status.code(), absl::StrCat(path.string(), ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Database>> Database::Open(const std::filesystem::path& path) {
  if (path.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) return base::ErrnoStatus(error.value(), "create the folder of", path);
  }
  std::unique_ptr<SQLite::Database> database;
  const absl::Status opened = Guarded(nullptr, [&] {
    database =
        std::make_unique<SQLite::Database>(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    return absl::OkStatus();
  });
  if (!opened.ok()) return Annotate(opened, path);
  const absl::Status prepared = Guarded(database.get(), [&] {
    database->exec(kPragmas);
    return absl::OkStatus();
  });
  if (!prepared.ok()) return Annotate(prepared, path);
  return std::shared_ptr<Database>(new Database(std::move(database)));
}

absl::StatusOr<std::shared_ptr<Database>> Database::OpenInMemoryForTest() { return Open(":memory:"); }

absl::Status Database::Transaction(const std::function<absl::Status(SQLite::Database&)>& body) {
  base::MutexLock lock(mutex_);
  SQLite::Database& database = *database_;
  return Guarded(&database, [&]() -> absl::Status {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    TIMBRE_RETURN_IF_ERROR(body(database));
    transaction.commit();
    return absl::OkStatus();
  });
}

absl::Status Database::Read(const std::function<absl::Status(SQLite::Database&)>& body) {
  base::MutexLock lock(mutex_);
  SQLite::Database& database = *database_;
  return Guarded(&database, [&] { return body(database); });
}

absl::Status Database::BackupTo(const std::filesystem::path& path) {
  return base::WriteFileAtomically(path, [this](const std::filesystem::path& temporary) {
    std::unique_ptr<SQLite::Database> copy;
    std::unique_ptr<SQLite::Backup> backup;
    absl::Status status = Guarded(nullptr, [&] {
      copy = std::make_unique<SQLite::Database>(temporary.string(),
                                                SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
      return absl::OkStatus();
    });
    // The lock is let go between the pieces, so a large backup does not hold up the service; what is written
    // meanwhile goes into the copy too.
    for (bool more = status.ok(); more && status.ok();) {
      base::MutexLock lock(mutex_);
      SQLite::Database& database = *database_;
      status = Guarded(copy.get(), [&] {
        if (backup == nullptr) backup = std::make_unique<SQLite::Backup>(*copy, database);
        more = backup->executeStep(kBackupPagesAtOnce) != SQLITE_DONE;
        return absl::OkStatus();
      });
    }
    base::MutexLock lock(mutex_);
    backup.reset();
    return status;
  });
}

}  // namespace timbre::store
