#include "core/registry/dataset_store.h"

#include "core/registry/in_flight.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
namespace fs = std::filesystem;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

DatasetInfo NewDataset(const std::string& id, DatasetState state = DatasetState::kIngesting) {
  DatasetInfo info;
  info.id = id;
  info.state = state;
  info.source = "some/folder";
  info.create_time = kNow;
  return info;
}

class DatasetStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TIMBRE_ASSERT_OK_AND_ASSIGN(database_, store::Database::OpenInMemoryForTest());
    Reopen();
  }
  void Reopen() {
    TIMBRE_ASSERT_OK_AND_ASSIGN(datasets_, DatasetStore::Create(database_, folder_ / "datasets"));
  }

  testing::TempDir folder_;
  std::shared_ptr<store::Database> database_;
  std::unique_ptr<DatasetStore> datasets_;
};

TEST_F(DatasetStoreTest, ADatasetComesBackAsItWas) {
  DatasetInfo info = NewDataset("songs", DatasetState::kReady);
  info.job = "jobs/j1";
  info.clips = 3;
  info.tracks = 2;
  info.audio_seconds = 12.5;
  info.tags = {"rock", "día \"x\""};
  info.digest = "abc";
  info.report = {5, 3, 1, 2, 12.5, {{"bad.mp3", "no audio"}, {"bytes-\xff.wav", "empty"}}, 1, 2};
  ASSERT_THAT(datasets_->Insert(info), IsOk());
  Reopen();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const DatasetInfo back, datasets_->Get("songs"));
  EXPECT_EQ(back.state, DatasetState::kReady);
  EXPECT_EQ(back.source, "some/folder");
  EXPECT_EQ(back.job, "jobs/j1");
  EXPECT_EQ(back.clips, 3);
  EXPECT_EQ(back.tracks, 2);
  EXPECT_EQ(back.audio_seconds, 12.5);
  EXPECT_EQ(back.tags, info.tags);
  EXPECT_EQ(back.digest, "abc");
  EXPECT_EQ(back.create_time, kNow);
  EXPECT_EQ(back.report.files_seen, 5);
  EXPECT_EQ(back.report.rows_without_file, 1);
  EXPECT_EQ(back.report.files_without_row, 2);
  EXPECT_EQ(back.report.files_decoded, 1);
  EXPECT_EQ(back.report.files_cached, 2);
  ASSERT_THAT(back.report.skipped, SizeIs(2));
  EXPECT_EQ(back.report.skipped[0].reason, "no audio");
}

TEST_F(DatasetStoreTest, OnlyAFailedDatasetIsReplaced) {
  ASSERT_THAT(datasets_->Insert(NewDataset("songs")), IsOk());
  EXPECT_THAT(datasets_->Insert(NewDataset("songs")),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("INGESTING")));
  DatasetInfo failed = NewDataset("songs", DatasetState::kFailed);
  failed.error = absl::ResourceExhaustedError("disk full");
  ASSERT_THAT(datasets_->Update(failed), IsOk());
  EXPECT_THAT(datasets_->Get("songs")->error, StatusIs(absl::StatusCode::kResourceExhausted, "disk full"));
  testing::WriteFile(datasets_->Folder("songs") / "files" / "a.wav", "uploaded anew");
  EXPECT_THAT(datasets_->Insert(NewDataset("songs")), IsOk());
  EXPECT_THAT(datasets_->Get("songs")->error, IsOk());
  EXPECT_TRUE(fs::exists(datasets_->Folder("songs") / "files" / "a.wav"));
  EXPECT_THAT(datasets_->Insert(NewDataset("../up")), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(DatasetStoreTest, AnUpdateWithoutAJobKeepsTheJob) {
  DatasetInfo songs = NewDataset("songs");
  songs.job = "jobs/j1";
  ASSERT_THAT(datasets_->Insert(songs), IsOk());
  ASSERT_THAT(datasets_->Update(NewDataset("songs", DatasetState::kReady)), IsOk());
  EXPECT_EQ(datasets_->Get("songs")->job, "jobs/j1");
  EXPECT_EQ(datasets_->Get("songs")->state, DatasetState::kReady);
  EXPECT_THAT(datasets_->Update(NewDataset("nope")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DatasetStoreTest, UnknownNamesAreAnsweredWithWhatThereIs) {
  EXPECT_THAT(datasets_->Get("nope"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  ASSERT_THAT(datasets_->Insert(NewDataset("b")), IsOk());
  ASSERT_THAT(datasets_->Insert(NewDataset("a")), IsOk());
  EXPECT_THAT(datasets_->Get("nope"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("a, b")));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto all, datasets_->List());
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].id, "a");
}

TEST_F(DatasetStoreTest, OnlyAReadyDatasetIsOpened) {
  EXPECT_THAT(datasets_->Open("songs"), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(datasets_->Insert(NewDataset("songs")), IsOk());
  EXPECT_THAT(datasets_->Open("songs"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("INGESTING")));
  ASSERT_THAT(datasets_->Update(NewDataset("songs", DatasetState::kReady)), IsOk());
  EXPECT_THAT(datasets_->Open("songs"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DatasetStoreTest, DeletingTakesRowAndFolder) {
  ASSERT_THAT(datasets_->Insert(NewDataset("songs")), IsOk());
  testing::WriteFile(datasets_->CacheDir("songs") / "pcm.s16", "xx");
  EXPECT_THAT(datasets_->Delete("songs"), IsOk());
  EXPECT_FALSE(fs::exists(datasets_->Folder("songs")));
  EXPECT_THAT(datasets_->Delete("songs"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DatasetStoreTest, DecodedAudioGoesWithTheLastDatasetThatHasIt) {
  testing::WriteFile(datasets_->BlobDir() / "shared.pcm", "xx");
  testing::WriteFile(datasets_->BlobDir() / "loose" / "half-done", "xx");
  for (const char* id : {"songs", "other"}) {
    ASSERT_THAT(datasets_->Insert(NewDataset(id)), IsOk());
    fs::create_directories(datasets_->CacheDir(id));
    fs::create_hard_link(datasets_->BlobDir() / "shared.pcm", datasets_->CacheDir(id) / "shared.pcm");
  }
  Reopen();
  EXPECT_TRUE(fs::exists(datasets_->BlobDir() / "loose" / "half-done")) << "an ingest goes on with it";
  ASSERT_THAT(datasets_->Delete("songs"), IsOk());
  EXPECT_TRUE(fs::exists(datasets_->BlobDir() / "shared.pcm"));
  EXPECT_FALSE(fs::exists(datasets_->BlobDir() / "loose" / "half-done"));
  ASSERT_THAT(datasets_->Delete("other"), IsOk());
  EXPECT_FALSE(fs::exists(datasets_->BlobDir() / "shared.pcm"));
}

TEST_F(DatasetStoreTest, ADeletionCutShortIsFinishedAndStrangersAreLeftAlone) {
  ASSERT_THAT(datasets_->Insert(NewDataset("kept")), IsOk());
  for (const char* id : {"kept", "gone", "stranger"})
    testing::WriteFile(datasets_->CacheDir(id) / "pcm.s16", "xx");
  for (const char* id : {"kept", "gone"}) ASSERT_THAT(MarkInFlight(datasets_->Folder(id)), IsOk());
  Reopen();
  EXPECT_TRUE(fs::exists(datasets_->CacheDir("kept") / "pcm.s16"));
  EXPECT_FALSE(fs::exists(datasets_->Folder("gone")));
  EXPECT_TRUE(fs::exists(datasets_->CacheDir("stranger") / "pcm.s16"));
}

}  // namespace
}  // namespace timbre::registry
