// No content is decoded twice while any data set has it, and none stays when the last has gone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/dataset/ingest.h"
#include "tests/core/dataset/data_sets.h"
#include "tests/support/matchers.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using ::timbre::testing::FilesBelow;
using ::timbre::testing::IsOk;
using ::timbre::testing::NamesIn;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;
using ::timbre::testing::WhiteNoise;
using ::timbre::testing::WriteAudio;
using ::timbre::testing::WriteFile;

class IngestCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 6; ++i) WriteAudio(source_ / (std::to_string(i) + ".wav"), Noise(i));
  }

  static std::vector<float> Noise(int seed) { return WhiteNoise(0.2, 5000, static_cast<uint64_t>(seed)); }

  // Two clips a segment. Returns what was decoded and what was there, "decoded/cached".
  std::string Run(const std::string& cache, const audio::DecodeLimits& limits = {}) {
    const auto report = Ingest({.source_dir = source_,
                                .cache_dir = dir_ / cache,
                                .blob_dir = blobs_,
                                .limits = limits,
                                .segment_bytes = 20'000},
                               {}, nullptr);
    if (!report.ok()) return report.status().ToString();
    return std::to_string(report->files_decoded) + "/" + std::to_string(report->files_cached);
  }

  size_t Segments() {
    size_t count = 0;
    for (const std::string& name : NamesIn(blobs_)) count += fs::path(name).extension() == kSegmentExtension;
    return count;
  }

  TempDir dir_;
  const fs::path source_ = dir_ / "music";
  const fs::path blobs_ = dir_ / "blobs";
};

TEST_F(IngestCacheTest, ADataSetMadeAgainOrTwiceDecodesNothingAndHasTheSameBytes) {
  EXPECT_EQ(Run("a"), "6/0");
  const auto first = FilesBelow(dir_ / "a");
  EXPECT_EQ(Run("b"), "0/6");
  EXPECT_EQ(FilesBelow(dir_ / "b"), first);
  EXPECT_EQ(Run("a"), "0/6");
  EXPECT_EQ(FilesBelow(dir_ / "a"), first);
  EXPECT_EQ(Segments(), 3U);
}

TEST_F(IngestCacheTest, OnlyWhatIsNewIsDecodedAndTheDigestDoesNotTell) {
  EXPECT_EQ(Run("a"), "6/0");
  WriteAudio(source_ / "0-new.wav", Noise(100));
  WriteAudio(source_ / "3.wav", Noise(101));
  EXPECT_EQ(Run("b"), "2/5");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto grown, ClipDataset::Open(dir_ / "b"));
  ASSERT_EQ(grown->clips().size(), 7U);
  for (const auto& [clip, seed] : {std::pair{0, 100}, {4, 101}, {5, 4}}) {
    EXPECT_NEAR(grown->samples(grown->clips()[clip])[4321], Noise(seed)[4321] * 32768, 1.5);
  }
  ASSERT_THAT(
      Ingest({.source_dir = source_, .cache_dir = dir_ / "c", .blob_dir = dir_ / "fresh"}, {}, nullptr),
      IsOk());
  EXPECT_EQ((*ClipDataset::Open(dir_ / "c"))->digest(), grown->digest());
}

TEST_F(IngestCacheTest, NamesTimesAndPlacesOfAFileDoNotMatter) {
  EXPECT_EQ(Run("a"), "6/0");
  fs::rename(source_ / "0.wav", source_ / "z.wav");
  fs::create_directory(source_ / "sub");
  fs::copy_file(source_ / "1.wav", source_ / "sub/copy.wav");
  EXPECT_EQ(Run("b"), "0/7");
}

TEST_F(IngestCacheTest, AChangeThatKeepsSizeAndTimeIsSeen) {
  EXPECT_EQ(Run("a"), "6/0");
  const auto time = fs::last_write_time(source_ / "2.wav");
  WriteAudio(source_ / "2.wav", Noise(7));
  fs::last_write_time(source_ / "2.wav", time);
  EXPECT_EQ(Run("a"), "1/5");
}

TEST_F(IngestCacheTest, OtherLimitsAreAnotherDecoding) {
  EXPECT_EQ(Run("a"), "6/0");
  EXPECT_EQ(Run("b", {.max_duration = absl::Minutes(1)}), "6/0");
  EXPECT_THAT(Run("c", {.max_duration = absl::Milliseconds(100)}), HasSubstr("FAILED_PRECONDITION"));
}

TEST_F(IngestCacheTest, WhatTheLastDataSetLeavesIsRemovedAndTheOthersKeepTheirs) {
  EXPECT_EQ(Run("a"), "6/0");
  for (const char* name : {"0.wav", "1.wav", "2.wav", "3.wav"}) fs::remove(source_ / name);
  WriteAudio(source_ / "new.wav", Noise(100));
  EXPECT_EQ(Run("b"), "1/2");
  EXPECT_EQ(Segments(), 4U);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto open, ClipDataset::Open(dir_ / "a"));
  fs::remove_all(dir_ / "a");
  ASSERT_THAT(BlobStore::CollectIn(blobs_), IsOk());
  EXPECT_EQ(Segments(), 2U);
  EXPECT_NE(open->samples(open->clips()[0])[17], 0) << "who has it open keeps it";
  EXPECT_THAT(ClipDataset::Open(dir_ / "b"), IsOk());
  fs::remove_all(dir_ / "b");
  ASSERT_THAT(BlobStore::CollectIn(blobs_), IsOk());
  EXPECT_THAT(NamesIn(blobs_), UnorderedElementsAre("lock", "loose"));
}

TEST_F(IngestCacheTest, ADamagedSegmentIsGivenUpAndItsFilesAreDecodedAgain) {
  EXPECT_EQ(Run("a"), "6/0");
  for (const std::string& name : NamesIn(blobs_)) {
    if (fs::path(name).extension() != kSegmentExtension) continue;
    fs::resize_file(blobs_ / name, 10'000);
    break;
  }
  EXPECT_THAT(ClipDataset::Open(dir_ / "a"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(Run("a"), "2/4");
  EXPECT_THAT(ClipDataset::Open(dir_ / "a"), IsOk());
}

TEST_F(IngestCacheTest, ADeletionWaitsForTheIngestThatRuns) {
  size_t during = 0;
  const auto delete_others = [&](const IngestProgress& progress) {
    if (progress.files_done < progress.files_total) return;
    EXPECT_THAT(BlobStore::CollectIn(blobs_), IsOk());
    during = Segments();
  };
  ASSERT_THAT(Ingest({.source_dir = source_, .cache_dir = dir_ / "a", .blob_dir = blobs_}, {}, delete_others),
              IsOk());
  EXPECT_EQ(during, 1U) << "packed, and not yet anyone's";
  EXPECT_THAT(ClipDataset::Open(dir_ / "a"), IsOk());
}

}  // namespace
}  // namespace timbre::dataset
