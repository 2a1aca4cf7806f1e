#include "core/dataset/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>

#include "core/base/atomic_file.h"
#include "tests/core/dataset/data_sets.h"
#include "tests/support/matchers.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::Sine;
using ::timbre::testing::TempDir;
using ::timbre::testing::WhiteNoise;
using ::timbre::testing::WriteAudio;
using ::timbre::testing::WriteFile;

constexpr testing::AudioShape kFloatWav = {.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT};

class IngestTest : public ::testing::Test {
 protected:
  absl::StatusOr<IngestReport> Run(const std::string& pattern = "") {
    return Ingest(Options(pattern), {}, nullptr);
  }
  IngestOptions Options(const std::string& pattern = "") const {
    return {
        .source_dir = source_, .cache_dir = cache_, .blob_dir = dir_ / "blobs", .track_id_pattern = pattern};
  }
  // Ingests and opens.
  std::shared_ptr<const ClipDataset> RunAndOpen(const std::string& pattern = "") {
    EXPECT_THAT(Run(pattern), IsOk());
    auto dataset = ClipDataset::Open(cache_);
    EXPECT_THAT(dataset, IsOk());
    return dataset.ok() ? *dataset : nullptr;
  }

  TempDir dir_;
  const fs::path source_ = dir_ / "music";
  const fs::path cache_ = dir_ / "caches/d1";
};

TEST_F(IngestTest, ClipsComeInPathOrderWithTheirSamplesSaturated) {
  WriteAudio(source_ / "b/1.wav", Sine(440, 0.5, 30000));
  std::vector<float> loud = Sine(300, 1.5, 22050);
  WriteAudio(source_ / "a/2.WAV", loud, kFloatWav);
  WriteAudio(source_ / "c.flac", Sine(200, 0.3, 44100),
             {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16, .sample_rate_hz = 44100});
  const auto dataset = RunAndOpen();
  ASSERT_EQ(dataset->clips().size(), 3U);
  EXPECT_EQ(dataset->clips()[0].path, "a/2.WAV");
  EXPECT_EQ(dataset->clips()[1].path, "b/1.wav");
  EXPECT_EQ(dataset->clips()[2].path, "c.flac");
  EXPECT_EQ(dataset->clips()[2].length_samples, 22050);
  for (size_t i = 0; i < loud.size(); ++i) {
    const long expected = std::lrint(std::clamp(loud[i] * 32768.0F, -32768.0F, 32767.0F));
    ASSERT_EQ(dataset->samples(dataset->clips()[0])[i], expected);
  }
  EXPECT_NEAR(dataset->report().audio_seconds, (30000 + 22050 + 22050) / 22050.0, 1e-9);
  EXPECT_EQ(dataset->report().files_seen, 3);
  EXPECT_EQ(dataset->report().clips, 3);
}

TEST_F(IngestTest, TheSameFilesGiveTheSameBytesForAnyNumberOfThreads) {
  for (int i = 0; i < 12; ++i) {
    WriteAudio(source_ / (std::to_string(i) + ".wav"), WhiteNoise(0.2, 3000 + 7000 * (i % 3), i));
  }
  WriteAudio(source_ / "y.ogg", WhiteNoise(0.2, 30000, 2), {.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS});
  WriteAudio(source_ / "same-as-3.wav", WhiteNoise(0.2, 3000, 3));
  WriteFile(source_ / "bad.wav", "text");
  WriteFile(source_ / "bad-too.wav", "text");
  WriteFile(source_ / "annotations.csv", "path,rock\n1.wav,1\ny.ogg,0\n");
  std::map<std::string, std::string> expected;
  for (const int threads : {1, 2, 5, 0}) {
    IngestOptions options = Options();
    options.threads = threads;
    options.segment_bytes = 40'000;
    options.blob_dir = dir_ / ("blobs" + std::to_string(threads));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const IngestReport report, Ingest(options, {}, nullptr));
    EXPECT_EQ(report.files_decoded, 13);
    EXPECT_EQ(report.files_cached, 1);
    const auto files = testing::FilesBelow(cache_);
    EXPECT_GT(files.size(), 4U) << "several segments";
    if (expected.empty()) expected = files;
    EXPECT_TRUE(files == expected) << threads << " threads";
  }
}

TEST_F(IngestTest, TheDigestChangesWithSamplesPathsTracksLabelsAndTags) {
  std::set<std::string> digests;
  std::vector<float> samples = Sine(440, 0.5, 5000);
  WriteAudio(source_ / "x.wav", samples);
  digests.insert(RunAndOpen()->digest());
  digests.insert(RunAndOpen("(x)")->digest());
  samples[777] += 0.01F;
  WriteAudio(source_ / "x.wav", samples);
  digests.insert(RunAndOpen()->digest());
  WriteFile(source_ / "annotations.csv", "path,rock\nx.wav,1\n");
  digests.insert(RunAndOpen()->digest());
  WriteFile(source_ / "annotations.csv", "path,rock\nx.wav,0\n");
  digests.insert(RunAndOpen()->digest());
  WriteFile(source_ / "annotations.csv", "path,jazz\nx.wav,0\n");
  digests.insert(RunAndOpen()->digest());
  fs::rename(source_ / "x.wav", source_ / "y.wav");
  digests.insert(RunAndOpen()->digest());
  EXPECT_EQ(digests.size(), 7U);
}

TEST_F(IngestTest, AnnotationsGiveTagsLabelsAndTracksAndAreCounted) {
  for (const char* name : {"a/1.wav", "a/2.wav", "b.wav", "unlabelled.wav"})
    WriteAudio(source_ / name, Sine(440, 0.5, 5000));
  WriteFile(source_ / "broken.wav", "text");
  WriteFile(source_ / "annotations.csv",
            "path,rock,track_id,jazz\n"
            "b.wav,1,,0\n"
            "./a//1.wav,0,song,1\n"
            "a/2.wav,1,song,1\n"
            "gone.wav,1,song,1\n"
            "../music/b.wav,1,song,1\n"
            "broken.wav,1,,0\n");
  const auto dataset = RunAndOpen("^(.)");
  EXPECT_THAT(dataset->tags(), ElementsAre("rock", "jazz"));
  ASSERT_EQ(dataset->clips().size(), 4U);
  EXPECT_THAT(dataset->clips()[0].labels, ElementsAre(0, 1));
  EXPECT_THAT(dataset->clips()[1].labels, ElementsAre(1, 1));
  EXPECT_THAT(dataset->clips()[2].labels, ElementsAre(1, 0));
  EXPECT_THAT(dataset->clips()[3].labels, ElementsAre());
  EXPECT_EQ(dataset->clips()[0].track_id, "song");
  EXPECT_EQ(dataset->clips()[1].track_id, "song");
  EXPECT_EQ(dataset->clips()[2].track_id, "b.wav");
  EXPECT_EQ(dataset->report().rows_without_file, 2);
  EXPECT_EQ(dataset->report().files_without_row, 1);
}

TEST_F(IngestTest, WithoutATrackColumnThePatternsFirstGroupNamesTheTrack) {
  for (const char* name : {"s1-a.wav", "s1-b.wav", "s2-a.wav", "other.wav"})
    WriteAudio(source_ / name, Sine(440, 0.5, 5000));
  const auto dataset = RunAndOpen("^(s[0-9]+)-(.*)$");
  ASSERT_EQ(dataset->clips().size(), 4U);
  EXPECT_EQ(dataset->clips()[0].track_id, "other.wav");
  EXPECT_EQ(dataset->clips()[1].track_id, "s1");
  EXPECT_EQ(dataset->clips()[2].track_id, "s1");
  EXPECT_EQ(dataset->clips()[3].track_id, "s2");
  EXPECT_EQ(dataset->report().files_without_row, 0);
}

TEST_F(IngestTest, FilesThatCannotBeUsedAreReportedAndTheOthersTaken) {
  WriteAudio(source_ / "good.wav", Sine(440, 0.5, 5000));
  WriteAudio(source_ / "just-long-enough.wav", Sine(440, 0.5, 2205));
  WriteAudio(source_ / "short.wav", Sine(440, 0.5, 2204));
  WriteAudio(source_ / "one-sample.wav", {0.5F});
  WriteAudio(source_ / "no-sample.wav", {});
  std::vector<float> nan = Sine(440, 0.5, 5000);
  nan[4000] = std::nanf("");
  WriteAudio(source_ / "nan.wav", nan, kFloatWav);
  WriteFile(source_ / "empty.flac", "");
  WriteFile(source_ / "text.mp3", "this is no music");
  WriteFile(source_ / "cover.jpg", "not audio by name: not seen");
  const auto dataset = RunAndOpen();
  const IngestReport& report = dataset->report();
  EXPECT_EQ(report.files_seen, 8);
  EXPECT_EQ(report.clips, 2);
  std::vector<std::string> skipped;
  for (const SkippedFile& file : report.skipped) {
    skipped.push_back(file.path);
    EXPECT_NE(file.reason, "") << file.path;
  }
  EXPECT_THAT(skipped, ElementsAre("empty.flac", "nan.wav", "no-sample.wav", "one-sample.wav", "short.wav",
                                   "text.mp3"));
  EXPECT_THAT(report.skipped[4].reason, HasSubstr("2204 samples"));
}

TEST_F(IngestTest, LinksThatLeaveTheFolderAndOddFilesAreReported) {
  WriteAudio(source_ / "in/good.wav", Sine(440, 0.5, 5000));
  WriteAudio(dir_ / "outside/secret.wav", Sine(440, 0.5, 5000));
  fs::create_symlink(dir_ / "outside/secret.wav", source_ / "1-out.wav");
  fs::create_directory_symlink(dir_ / "outside", source_ / "2-out");
  fs::create_symlink("nowhere.wav", source_ / "3-dangling.wav");
  ASSERT_EQ(::mkfifo((source_ / "4-pipe.wav").c_str(), 0600), 0);
  WriteAudio(source_ / "5-\xff.wav", Sine(440, 0.5, 5000));
  fs::create_directory(source_ / "6-folder.wav");
  fs::create_symlink("in/good.wav", source_ / "7-inside.wav");
  fs::create_directory_symlink("..", source_ / "in/8-loop-up");
  const auto dataset = RunAndOpen();
  std::vector<std::string> clips;
  for (const Clip& clip : dataset->clips()) clips.push_back(clip.path);
  EXPECT_THAT(clips, ElementsAre("7-inside.wav", "in/good.wav"));
  std::vector<std::string> skipped;
  for (const SkippedFile& file : dataset->report().skipped)
    skipped.push_back(file.path + ": " + file.reason.substr(0, 20));
  EXPECT_THAT(skipped, ElementsAre("1-out.wav: a symbolic link that", "2-out: a symbolic link that",
                                   "3-dangling.wav: a symbolic link that", "4-pipe.wav: not a regular file",
                                   "5-\\xff.wav: the name is not UTF-"));
  EXPECT_EQ(dataset->report().files_seen, 6);
}

TEST_F(IngestTest, ProgressComesBeforeTheFirstFileAndAfterTheLastAndGrows) {
  WriteAudio(source_ / "a.wav", Sine(440, 0.5, 22050));
  WriteFile(source_ / "b.wav", "text");
  WriteAudio(source_ / "c.wav", Sine(440, 0.5, 22050));
  for (const absl::Duration interval : {absl::ZeroDuration(), absl::InfiniteDuration()}) {
    std::vector<IngestProgress> seen;
    IngestOptions options = Options();
    options.progress_interval = interval;
    options.blob_dir = dir_ / ("blobs" + absl::FormatDuration(interval));
    ASSERT_THAT(Ingest(options, {}, [&seen](const IngestProgress& p) { seen.push_back(p); }), IsOk());
    ASSERT_GE(seen.size(), interval == absl::ZeroDuration() ? 3U : 2U);
    EXPECT_TRUE(interval == absl::ZeroDuration() || seen.size() == 2);
    for (size_t i = 1; i < seen.size(); ++i) {
      EXPECT_GE(seen[i].files_done, seen[i - 1].files_done);
      EXPECT_GE(seen[i].bytes_done, seen[i - 1].bytes_done);
      EXPECT_GE(seen[i].audio_seconds, seen[i - 1].audio_seconds);
      EXPECT_GE(seen[i].files_skipped, seen[i - 1].files_skipped);
      // A job that hangs is known by its silence. The end is told in any case.
      EXPECT_TRUE(i + 1 == seen.size() || seen[i] != seen[i - 1]);
    }
    EXPECT_EQ(seen.front().files_total, 3);
    EXPECT_EQ(seen.front().files_skipped, 0);
    EXPECT_EQ(seen.back().files_done, 3);
    EXPECT_EQ(seen.back().files_skipped, 1);
    EXPECT_EQ(seen.back().files_cached, 1) << "a and c are one content";
    EXPECT_EQ(seen.back().bytes_done, seen.back().bytes_total);
    EXPECT_EQ(seen.back().bytes_total, 4 + 2 * static_cast<int64_t>(fs::file_size(source_ / "a.wav")));
    EXPECT_EQ(seen.back().audio_seconds, 2.0);
  }
}

TEST_F(IngestTest, FoldersMayBeNamedWithATrailingSlash) {
  WriteAudio(source_ / "x/a.wav", Sine(440, 0.5, 5000));
  IngestOptions options = Options();
  options.source_dir = source_.string() + "/";
  options.cache_dir = cache_.string() + "/";
  options.blob_dir = options.blob_dir.string() + "/";
  ASSERT_THAT(Ingest(options, {}, nullptr), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto dataset, ClipDataset::Open(cache_));
  EXPECT_EQ(dataset->clips()[0].path, "x/a.wav");
}

}  // namespace
}  // namespace timbre::dataset
