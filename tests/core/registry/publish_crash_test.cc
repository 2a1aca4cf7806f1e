#include <set>

#include "core/registry/in_flight.h"
#include "core/registry/model_files.h"
#include "tests/core/registry/registry_fixture.h"

namespace timbre::registry {
namespace {

using ::testing::SizeIs;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
namespace fs = std::filesystem;

// Each test leaves the files as a crash at one point of a publish or a deletion would.
class PublishCrashTest : public ModelStoreFixture {
 protected:
  std::set<std::string> Names(const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
    return names;
  }
};

TEST_F(PublishCrashTest, WhatWasOnlyStagedGoes) {
  ASSERT_THAT(StageVersion(root(), NewVersion("clmr", "jobs/1")), IsOk());
  testing::WriteFile(root() / ".staged-half" / "encoder.safetensors", "half a file");
  Reopen();
  EXPECT_EQ(Names(root()), std::set<std::string>{});
  EXPECT_THAT(models_->GetModel("clmr"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PublishCrashTest, WhatWasRenamedButNotCommittedGoesAndItsNumberIsFree) {
  Publish("clmr", "jobs/1");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const fs::path staged, StageVersion(root(), NewVersion("clmr", "jobs/2")));
  ASSERT_THAT(MoveIntoPlace(staged, root() / "clmr" / "2"), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const fs::path other, StageVersion(root(), NewVersion("byol", "jobs/3")));
  ASSERT_THAT(MoveIntoPlace(other, root() / "byol" / "1"), IsOk());
  Reopen();
  EXPECT_EQ(Names(root()), std::set<std::string>{"clmr"});
  EXPECT_EQ(Names(root() / "clmr"), std::set<std::string>{"1"});
  EXPECT_EQ(Publish("clmr", "jobs/2").version, 2);
}

TEST_F(PublishCrashTest, WhatWasCommittedStaysThoughItsMarkerIsThere) {
  Publish("clmr", "jobs/1");
  ASSERT_THAT(MarkInFlight(root() / "clmr" / "1"), IsOk());
  Reopen();
  EXPECT_THAT(models_->ReadEncoder("clmr", 1), IsOk());
  EXPECT_FALSE(fs::exists(root() / "clmr" / "1" / ".in-flight"));
}

TEST_F(PublishCrashTest, ADeletionThatWasCommittedIsFinished) {
  Publish("clmr", "jobs/1");
  Publish("byol", "jobs/2");
  for (const fs::path& folder : {root() / "clmr" / "1", root() / "byol"})
    ASSERT_THAT(MarkInFlight(folder), IsOk());
  ASSERT_THAT(database_->Transaction([](SQLite::Database& db) {
    db.exec("DELETE FROM model_versions WHERE model = 'clmr'; DELETE FROM models WHERE id = 'byol'");
    return absl::OkStatus();
  }),
              IsOk());
  Reopen();
  EXPECT_FALSE(fs::exists(root() / "clmr" / "1"));
  EXPECT_FALSE(fs::exists(root() / "byol" / ".in-flight"));
  EXPECT_THAT(models_->GetModel("byol"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PublishCrashTest, AFolderThatNobodyKnowsIsNeitherRemovedNorOverwritten) {
  testing::WriteFile(root() / "clmr" / "1" / "notes.txt", "mine");
  Reopen();
  EXPECT_EQ(Publish("clmr").version, 2);
  EXPECT_TRUE(fs::exists(root() / "clmr" / "1" / "notes.txt"));
}

TEST_F(PublishCrashTest, APublishThatCannotCommitLeavesNothing) {
  Publish("clmr", "jobs/1");
  ASSERT_THAT(database_->Transaction([](SQLite::Database& db) {
    db.exec(
        "CREATE TRIGGER refuse BEFORE INSERT ON model_versions BEGIN SELECT RAISE(ABORT, 'no room'); END");
    return absl::OkStatus();
  }),
              IsOk());
  EXPECT_THAT(models_->Publish(NewVersion("clmr", "jobs/2")), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(Names(root()), std::set<std::string>{"clmr"});
  EXPECT_EQ(Names(root() / "clmr"), std::set<std::string>{"1"});
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Model model, models_->GetModel("clmr"));
  EXPECT_THAT(model.versions, SizeIs(1));
}

}  // namespace
}  // namespace timbre::registry
