#include "core/store/migrate.h"

#include "tests/support/matchers.h"

namespace timbre::store {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

constexpr const char* kFirst[] = {"CREATE TABLE songs (name TEXT); INSERT INTO songs VALUES ('one')"};
constexpr const char* kBoth[] = {kFirst[0], "ALTER TABLE songs ADD COLUMN rating INTEGER DEFAULT 5"};

int Count(Database& database, const std::string& sql) {
  int count = -1;
  EXPECT_THAT(database.Read([&](SQLite::Database& db) {
    count = db.execAndGet(sql).getInt();
    return absl::OkStatus();
  }),
              IsOk());
  return count;
}

TEST(MigrateTest, EachStepRunsOnceAndKeepsTheRows) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::OpenInMemoryForTest());
  ASSERT_THAT(Migrate(*database, "songs", kFirst), IsOk());
  ASSERT_THAT(Migrate(*database, "songs", kFirst), IsOk());
  EXPECT_EQ(Count(*database, "SELECT count(*) FROM songs"), 1);
  ASSERT_THAT(Migrate(*database, "songs", kBoth), IsOk());
  ASSERT_THAT(Migrate(*database, "songs", kBoth), IsOk());
  EXPECT_EQ(Count(*database, "SELECT count(*) FROM songs WHERE rating = 5"), 1);
}

TEST(MigrateTest, RoomsCountTheirVersionsApart) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::OpenInMemoryForTest());
  constexpr const char* kOther[] = {"CREATE TABLE others (x)"};
  ASSERT_THAT(Migrate(*database, "songs", kBoth), IsOk());
  ASSERT_THAT(Migrate(*database, "others", kOther), IsOk());
  EXPECT_EQ(Count(*database, "SELECT sum(version) FROM schema_versions"), 3);
}

TEST(MigrateTest, AFailingStepLeavesTheOldSchema) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::OpenInMemoryForTest());
  ASSERT_THAT(Migrate(*database, "songs", kFirst), IsOk());
  constexpr const char* kBroken[] = {kFirst[0], "CREATE TABLE half (x); NONSENSE"};
  EXPECT_THAT(Migrate(*database, "songs", kBroken), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(Count(*database, "SELECT count(*) FROM sqlite_master WHERE name = 'half'"), 0);
  EXPECT_THAT(Migrate(*database, "songs", kBoth), IsOk());
}

TEST(MigrateTest, TablesOfANewerProgramAreRefused) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto database, Database::OpenInMemoryForTest());
  ASSERT_THAT(Migrate(*database, "songs", kBoth), IsOk());
  EXPECT_THAT(Migrate(*database, "songs", kFirst),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("newer")));
}

}  // namespace
}  // namespace timbre::store
