// Whatever goes wrong during ingest: afterwards there is a whole data set or none, and the next ingest
// succeeds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "core/dataset/ingest.h"
#include "tests/core/dataset/data_sets.h"
#include "tests/support/matchers.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using ::timbre::testing::IsOk;
using ::timbre::testing::NamesIn;
using ::timbre::testing::Sine;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;
using ::timbre::testing::WriteAudio;
using ::timbre::testing::WriteFile;

// Lets no file of this process grow beyond a size, as a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit_), 0);
    rlimit limit = old_limit_;
    limit.rlim_cur = bytes;
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_ = {};
  void (*old_handler_)(int);
};

class IngestFailureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 5; ++i) WriteAudio(source_ / (std::to_string(i) + ".wav"), Sine(440 + i, 0.5, 20000));
    fs::create_directory(caches_);
  }

  absl::StatusOr<IngestReport> Run(const base::CancelToken& cancel = {},
                                   const std::function<void(const IngestProgress&)>& on_progress = nullptr) {
    return Ingest(options_, cancel, on_progress);
  }

  void ExpectNothingRemains() {
    EXPECT_THAT(NamesIn(caches_), IsEmpty());
    EXPECT_THAT(NamesIn(blobs_), AnyOf(UnorderedElementsAre("lock", "loose"), IsEmpty()));
    EXPECT_THAT(NamesIn(blobs_ / "loose"), IsEmpty());
    EXPECT_THAT(ClipDataset::Open(cache_), StatusIs(absl::StatusCode::kNotFound));
  }

  void ExpectTheNextIngestSucceeds() {
    EXPECT_THAT(Run(), IsOk());
    EXPECT_THAT(NamesIn(caches_), UnorderedElementsAre("d1"));
    EXPECT_THAT(NamesIn(blobs_ / "loose"), IsEmpty());
    EXPECT_THAT(ClipDataset::Open(cache_), IsOk());
  }

  TempDir dir_;
  const fs::path source_ = dir_ / "music";
  const fs::path caches_ = dir_ / "caches";
  const fs::path cache_ = caches_ / "d1";
  const fs::path blobs_ = dir_ / "blobs";
  IngestOptions options_ = {.source_dir = source_,
                            .cache_dir = cache_,
                            .blob_dir = blobs_,
                            .threads = 1,
                            .progress_interval = absl::ZeroDuration()};
};

using IngestFailureDeathTest = IngestFailureTest;

TEST_F(IngestFailureTest, AFullDiskIsResourceExhaustedAndLeavesNothing) {
  {
    const FileSizeLimit limit(100'000);
    EXPECT_THAT(Run(),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         AllOf(HasSubstr("blobs"), HasSubstr("needs 20000 bytes more"), HasSubstr("free"))));
  }
  ExpectNothingRemains();
  ExpectTheNextIngestSucceeds();
}

TEST_F(IngestFailureTest, ADiskThatFillsAtTheIndexIsResourceExhaustedAndLeavesNothing) {
  for (int i = 1; i < 5; ++i) fs::remove(source_ / (std::to_string(i) + ".wav"));
  for (int i = 0; i < 1000; ++i) WriteFile(source_ / ("bad" + std::to_string(i) + ".wav"), "");
  {
    const FileSizeLimit limit(41'000);  // the samples take 40,000 bytes, the index with its report more
    EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("index.json")));
  }
  ExpectNothingRemains();
  ExpectTheNextIngestSucceeds();
}

TEST_F(IngestFailureTest, ACancelStopsWithinAFileAndLeavesNothing) {
  WriteAudio(source_ / "long.wav", Sine(440, 0.5, 22050 * 600));
  base::CancelSource source;
  double audio_seconds = 0;
  const auto cancel_in_the_long_one = [&](const IngestProgress& progress) {
    audio_seconds = progress.audio_seconds;
    if (audio_seconds > 5) source.Cancel(absl::DeadlineExceededError("the job's time is over"));
  };
  EXPECT_THAT(Run(source.token(), cancel_in_the_long_one),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("time is over")));
  EXPECT_GT(audio_seconds, 5);
  ExpectNothingRemains();
  ExpectTheNextIngestSucceeds();
}

TEST_F(IngestFailureTest, AServerThatEndsLeavesWhatWasDecodedToItsNextIngest) {
  base::CancelSource source;
  EXPECT_THAT(Run(source.token(),
                  [&source](const IngestProgress& p) {
                    if (p.files_done >= 3) source.Cancel(absl::UnavailableError("the server stops"));
                  }),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(NamesIn(caches_), IsEmpty());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const IngestReport report, Run());
  EXPECT_GE(report.files_cached, 3);
  EXPECT_EQ(report.files_cached + report.files_decoded, 5);
  ExpectTheNextIngestSucceeds();
}

TEST_F(IngestFailureTest, ACancelAfterTheLastFileStillLeavesNothing) {
  base::CancelSource source;
  EXPECT_THAT(Run(source.token(),
                  [&source](const IngestProgress& p) {
                    if (p.files_done == p.files_total) source.Cancel();
                  }),
              StatusIs(absl::StatusCode::kCancelled));
  ExpectNothingRemains();
}

TEST_F(IngestFailureDeathTest, AProcessKilledAtAnyFileLeavesNoDataSetAndTheNextIngestCleansUp) {
  for (int64_t at = 0; at <= 5; ++at) {
    const auto die = [at](const IngestProgress& progress) {
      if (progress.files_done >= at) std::raise(SIGKILL);
    };
    EXPECT_EXIT({ (void)Run({}, die); }, ::testing::KilledBySignal(SIGKILL), "");
    EXPECT_THAT(NamesIn(caches_), UnorderedElementsAre(".d1.partial"));
    EXPECT_THAT(ClipDataset::Open(cache_), StatusIs(absl::StatusCode::kNotFound));
  }
  ExpectTheNextIngestSucceeds();
}

TEST_F(IngestFailureTest, AFolderWithoutAnIndexIsReplaced) {
  WriteFile(cache_ / "pcm.s16", "of the first format");
  WriteFile(cache_ / "0123.pcm", "half");
  ExpectTheNextIngestSucceeds();
}

TEST_F(IngestFailureTest, AnOlderDataSetIsReplacedAndStaysReadableForThoseWhoHaveIt) {
  ExpectTheNextIngestSucceeds();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto old, ClipDataset::Open(cache_));
  for (int i = 0; i < 5; ++i) fs::remove(source_ / (std::to_string(i) + ".wav"));
  WriteAudio(source_ / "new.wav", Sine(440, 0.5, 3000));
  ExpectTheNextIngestSucceeds();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto fresh, ClipDataset::Open(cache_));
  EXPECT_EQ(fresh->clips().size(), 1U);
  EXPECT_EQ(old->clips().size(), 5U);
  EXPECT_NE(old->samples(old->clips()[4])[17], 0);
}

TEST_F(IngestFailureTest, AFolderThatHoldsOtherThingsIsNotTouched) {
  options_.cache_dir = source_;
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no ingest has written")));
  EXPECT_EQ(NamesIn(source_).size(), 5U);
}

TEST_F(IngestFailureTest, AMissingSourceFolderIsNotFound) {
  options_.source_dir = dir_ / "nowhere";
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere")));
  options_.source_dir = source_ / "0.wav";
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("0.wav")));
  ExpectNothingRemains();
}

TEST_F(IngestFailureTest, AFolderWithoutUsableAudioIsAFailedPreconditionThatSaysWhy) {
  fs::create_directory(dir_ / "empty");
  options_.source_dir = dir_ / "empty";
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no audio file")));
  WriteFile(dir_ / "empty/a.mp3", "text");
  WriteFile(dir_ / "empty/b.mp3", "");
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kFailedPrecondition,
                              AllOf(HasSubstr("none of the 2 audio files"), HasSubstr("a.mp3"))));
  ExpectNothingRemains();
}

TEST_F(IngestFailureTest, BadAnnotationsAreRefusedBeforeAnyDecoding) {
  WriteFile(source_ / "annotations.csv", "path,rock\n0.wav,2\n");
  bool decoded = false;
  EXPECT_THAT(Run({}, [&decoded](const IngestProgress&) { decoded = true; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("annotations.csv, line 2: column 2")));
  EXPECT_FALSE(decoded);
  ExpectNothingRemains();
}

TEST_F(IngestFailureTest, AnnotationsThatAreALinkOutOfTheFolderAreRefused) {
  WriteFile(dir_ / "secret.csv", "path,rock\n");
  fs::create_symlink(dir_ / "secret.csv", source_ / "annotations.csv");
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("regular file inside")));
}

TEST_F(IngestFailureTest, APatternThatIsWrongOrHasNoGroupIsRefused) {
  options_.track_id_pattern = "(unclosed";
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no regular expression")));
  options_.track_id_pattern = "[a-z]+";
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has no group")));
  ExpectNothingRemains();
}

}  // namespace
}  // namespace timbre::dataset
