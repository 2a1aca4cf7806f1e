// An ingest that is killed at random moments, again and again, until it gets to its end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "core/base/random.h"
#include "core/dataset/ingest.h"
#include "tests/core/dataset/data_sets.h"
#include "tests/support/matchers.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

using ::testing::IsEmpty;
using ::timbre::testing::FilesBelow;
using ::timbre::testing::IsOk;
using ::timbre::testing::NamesIn;
using ::timbre::testing::TempDir;
using ::timbre::testing::WhiteNoise;
using ::timbre::testing::WriteAudio;

constexpr int kFiles = 40;
constexpr int kThreads = 3;

IngestOptions OptionsIn(const fs::path& dir, const fs::path& source) {
  return {.source_dir = source,
          .cache_dir = dir / "cache",
          .blob_dir = dir / "blobs",
          .threads = kThreads,
          .segment_bytes = 700'000};
}

// Ingests in a process of its own, which SIGKILL ends after the time. Returns whether it got to its end.
bool RunAndKill(const IngestOptions& options, int64_t microseconds) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGALRM, [](int) { ::kill(::getpid(), SIGKILL); });
    itimerval timer = {};
    timer.it_value.tv_sec = microseconds / 1'000'000;
    timer.it_value.tv_usec = microseconds % 1'000'000;
    ::setitimer(ITIMER_REAL, &timer, nullptr);
    ::_exit(Ingest(options, {}, nullptr).ok() ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
  return WIFEXITED(status);
}

// Contents that a killed process left whole: in loose files and in segments.
std::set<std::string> Finished(const fs::path& blobs) {
  std::set<std::string> keys;
  for (const std::string& name : NamesIn(blobs / "loose")) {
    if (name.size() > 64) keys.insert(name.substr(0, 64));
  }
  for (const std::string& name : NamesIn(blobs)) {
    if (fs::path(name).extension() != kSegmentExtension) continue;
    const auto segment = MappedSegment::Open(blobs / name);
    EXPECT_THAT(segment, IsOk());
    for (const BlobRecord& record : (*segment)->records()) keys.insert(record.key);
  }
  return keys;
}

TEST(IngestKillTest, KilledAtRandomMomentsItGoesOnAndEndsWithTheSameBytes) {
  TempDir dir;
  for (int i = 0; i < kFiles; ++i) {
    WriteAudio(dir / "music" / (std::to_string(i) + ".flac"),
               WhiteNoise(0.2, static_cast<size_t>(30'000 + 20'000 * (i % 7)), static_cast<uint64_t>(i)),
               {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16, .sample_rate_hz = 44100});
  }
  const absl::Time start = absl::Now();
  ASSERT_THAT(Ingest(OptionsIn(dir / "whole", dir / "music"), {}, nullptr), IsOk());
  const int64_t whole_us = absl::ToInt64Microseconds(absl::Now() - start);

  const IngestOptions options = OptionsIn(dir / "killed", dir / "music");
  base::Random random({1});
  std::set<std::string> before;
  bool over = false;
  int kills = 0;
  for (; !over && kills < 500; ++kills) {
    // Longer and longer, so that it comes to an end on any machine.
    const double longest = static_cast<double>(whole_us) * (0.05 + 0.01 * kills);
    over = RunAndKill(options, 1 + static_cast<int64_t>(random.Uniform(0, longest)));
    fs::create_directories(options.blob_dir / "loose");
    const std::set<std::string> after = Finished(options.blob_dir);
    // Nothing that was finished is ever lost, so each file is decoded once and, at most, once more for each
    // kill that came while a thread was at it.
    EXPECT_TRUE(std::includes(after.begin(), after.end(), before.begin(), before.end()));
    EXPECT_TRUE(!fs::exists(options.cache_dir) || ClipDataset::Open(options.cache_dir).ok())
        << "half a cache";
    before = after;
  }
  ASSERT_TRUE(over);
  EXPECT_GT(kills, 2) << "it was hardly killed";
  EXPECT_EQ(before.size(), static_cast<size_t>(kFiles));
  EXPECT_TRUE(FilesBelow(dir / "killed") == FilesBelow(dir / "whole"));
  EXPECT_THAT(NamesIn(options.blob_dir / "loose"), IsEmpty());
  RecordProperty("kills", kills - 1);
}

TEST(IngestKillTest, ARunAfterAKillDecodesOnlyWhatWasNotFinished) {
  TempDir dir;
  for (int i = 0; i < kFiles; ++i) {
    WriteAudio(dir / "music" / (std::to_string(i) + ".wav"),
               WhiteNoise(0.2, 20'000, static_cast<uint64_t>(i)));
  }
  IngestOptions options = OptionsIn(dir.path(), dir / "music");
  options.segment_bytes = 200'000;
  options.progress_interval = absl::ZeroDuration();
  const auto die_in_the_middle = [](const IngestProgress& progress) {
    if (progress.files_done >= kFiles / 2) std::raise(SIGKILL);
  };
  EXPECT_EXIT({ (void)Ingest(options, {}, die_in_the_middle); }, ::testing::KilledBySignal(SIGKILL), "");
  const auto finished = static_cast<int64_t>(Finished(options.blob_dir).size());
  EXPECT_GE(finished, kFiles / 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const IngestReport report, Ingest(options, {}, nullptr));
  EXPECT_EQ(report.files_cached, finished);
  EXPECT_EQ(report.files_decoded, kFiles - finished);
}

}  // namespace
}  // namespace timbre::dataset
