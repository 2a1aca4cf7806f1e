#include "core/store/database.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::store {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
namespace fs = std::filesystem;

class DatabaseTest : public ::testing::Test {
 protected:
  fs::path file() const { return folder_.path() / "data" / "timbre.db"; }

  testing::TempDir folder_;
};

absl::Status Exec(Database& database, const std::string& sql) {
  return database.Transaction([&](SQLite::Database& db) {
    db.exec(sql);
    return absl::OkStatus();
  });
}

std::string Ask(Database& database, const std::string& sql) {
  std::string answer;
  EXPECT_THAT(database.Read([&](SQLite::Database& db) {
    answer = db.execAndGet(sql).getString();
    return absl::OkStatus();
  }),
              IsOk());
  return answer;
}

TEST_F(DatabaseTest, IsDurableByWalAndFullSyncAndChecksForeignKeys) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::Open(file()));
  EXPECT_EQ(Ask(*database, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Ask(*database, "PRAGMA synchronous"), "2");
  EXPECT_EQ(Ask(*database, "PRAGMA foreign_keys"), "1");
}

TEST_F(DatabaseTest, WhatWasCommittedIsThereAfterReopening) {
  {
    TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::Open(file()));
    ASSERT_THAT(Exec(*database, "CREATE TABLE t (x); INSERT INTO t VALUES (42)"), IsOk());
  }
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::Open(file()));
  EXPECT_EQ(Ask(*database, "SELECT x FROM t"), "42");
}

TEST_F(DatabaseTest, ATransactionWhoseBodyFailsOrThrowsLeavesNothing) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::OpenInMemoryForTest());
  ASSERT_THAT(Exec(*database, "CREATE TABLE t (x)"), IsOk());
  EXPECT_THAT(database->Transaction([](SQLite::Database& db) {
    db.exec("INSERT INTO t VALUES (1)");
    return absl::NotFoundError("changed my mind");
  }),
              StatusIs(absl::StatusCode::kNotFound, "changed my mind"));
  EXPECT_THAT(database->Transaction([](SQLite::Database& db) -> absl::Status {
    db.exec("INSERT INTO t VALUES (1)");
    throw std::runtime_error("thrown");
  }),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("thrown")));
  EXPECT_EQ(Ask(*database, "SELECT count(*) FROM t"), "0");
}

TEST_F(DatabaseTest, AnSqlErrorIsInternalAndTheDatabaseLivesOn) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::OpenInMemoryForTest());
  EXPECT_THAT(Exec(*database, "SELEKT"), StatusIs(absl::StatusCode::kInternal, HasSubstr("SELEKT")));
  EXPECT_THAT(Exec(*database, "CREATE TABLE t (x)"), IsOk());
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsDataLoss) {
  fs::create_directories(file().parent_path());
  std::ofstream(file()) << std::string(8192, 'x');
  EXPECT_THAT(Database::Open(file()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("timbre.db")));
}

TEST_F(DatabaseTest, ASecondHolderOfTheFileIsRefused) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::Open(file()));
  EXPECT_THAT(Database::Open(file()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another process")));
  database.reset();
  EXPECT_THAT(Database::Open(file()), IsOk());
}

TEST_F(DatabaseTest, AFullDiskIsResourceExhaustedAndWhatWasThereStays) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::Open(file()));
  ASSERT_THAT(Exec(*database, "CREATE TABLE t (x); INSERT INTO t VALUES (1)"), IsOk());
  ASSERT_THAT(database->Read([](SQLite::Database& db) {
    db.exec("PRAGMA max_page_count = 4");
    return absl::OkStatus();
  }),
              IsOk());
  EXPECT_THAT(Exec(*database, "INSERT INTO t VALUES (randomblob(100000))"),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(Ask(*database, "SELECT count(*) FROM t"), "1");
  EXPECT_THAT(Exec(*database, "INSERT INTO t VALUES (2)"), IsOk());
}

TEST_F(DatabaseTest, ABackupWhileInUseIsACompleteDatabase) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::Open(file()));
  ASSERT_THAT(Exec(*database, "CREATE TABLE t (x); CREATE TABLE u (x)"), IsOk());
  for (int i = 0; i < 30; ++i)
    ASSERT_THAT(Exec(*database, "INSERT INTO t VALUES (randomblob(100000))"), IsOk());
  std::thread writer([&] {
    // Both tables in one transaction: a consistent copy has as many rows of the one as of the other.
    for (int i = 0; i < 50; ++i) {
      EXPECT_THAT(Exec(*database, "INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)"), IsOk());
    }
  });
  const fs::path copy = folder_.path() / "backup" / "copy.db";
  EXPECT_THAT(database->BackupTo(copy), IsOk());
  writer.join();
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(copy.parent_path())) names.insert(entry.path().filename());
  EXPECT_EQ(names, std::set<std::string>{"copy.db"});
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto restored, Database::Open(copy));
  EXPECT_EQ(Ask(*restored, "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(Ask(*restored, "SELECT (SELECT count(*) FROM t) - (SELECT count(*) FROM u)"), "30");
}

TEST_F(DatabaseTest, CallsOfSeveralThreadsRunOneAfterAnother) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::OpenInMemoryForTest());
  ASSERT_THAT(Exec(*database, "CREATE TABLE t (x); INSERT INTO t VALUES (0)"), IsOk());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) EXPECT_THAT(Exec(*database, "UPDATE t SET x = x + 1"), IsOk());
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Ask(*database, "SELECT x FROM t"), "400");
}

}  // namespace
}  // namespace timbre::store
