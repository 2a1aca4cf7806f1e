#include "core/dataset/clip_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/atomic_file.h"
#include "core/dataset/cache_index.h"
#include "core/dataset/pcm_writer.h"
#include "tests/core/dataset/data_sets.h"
#include "tests/support/matchers.h"

namespace timbre::dataset {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::MakeDataset;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;

std::string ReplaceOnce(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(ToInt16Test, SamplesAreRoundedToNearestAndSaturate) {
  EXPECT_EQ(ToInt16(0), 0);
  EXPECT_EQ(ToInt16(0.5F), 16384);
  EXPECT_EQ(ToInt16(-1), -32768);
  EXPECT_EQ(ToInt16(1), 32767);
  EXPECT_EQ(ToInt16(1.7F), 32767);
  EXPECT_EQ(ToInt16(-9), -32768);
  EXPECT_EQ(ToInt16(1e30F), 32767);
  EXPECT_EQ(ToInt16(100.4F / 32768), 100);
  EXPECT_EQ(ToInt16(100.6F / 32768), 101);
  EXPECT_EQ(ToInt16(-100.6F / 32768), -101);
}

TEST(ClipDatasetTest, SamplesComeBackAsTheyWereWritten) {
  TempDir dir;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto dataset, MakeDataset(dir / "cache", {{"t1", 3000}, {"t2", 5000}}));
  ASSERT_EQ(dataset->clips().size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const Clip& clip = dataset->clips()[i];
    const auto expected = testing::WhiteNoise(0.1, clip.length_samples, i);
    ASSERT_EQ(dataset->samples(clip).size(), expected.size());
    std::vector<float> floats(expected.size() - 10);
    dataset->ReadFloat(clip, 7, floats);
    for (size_t s = 0; s < expected.size(); ++s) ASSERT_EQ(dataset->samples(clip)[s], ToInt16(expected[s]));
    for (size_t s = 0; s < floats.size(); ++s) ASSERT_EQ(floats[s], ToInt16(expected[s + 7]) / 32768.0F);
  }
}

TEST(ClipDatasetTest, TheDataSetOutlivesItsFolder) {
  TempDir dir;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto dataset, MakeDataset(dir / "cache", {{"t", 3000}}));
  std::filesystem::remove_all(dir / "cache");
  EXPECT_EQ(dataset->samples(dataset->clips()[0])[2999], ToInt16(testing::WhiteNoise(0.1, 3000, 0)[2999]));
}

TEST(ClipDatasetTest, AFolderWithoutAnIndexIsNoDataSet) {
  TempDir dir;
  EXPECT_THAT(ClipDataset::Open(dir / "nowhere"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere")));
  testing::WriteFile(dir / "cache/0123.pcm", "0123");
  EXPECT_THAT(ClipDataset::Open(dir / "cache"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("index.json")));
}

// The only segment of a cache.
std::filesystem::path SegmentIn(const std::filesystem::path& cache_dir) {
  for (const auto& entry : std::filesystem::directory_iterator(cache_dir)) {
    if (entry.path().extension() == kSegmentExtension) return entry.path();
  }
  return "";
}

TEST(ClipDatasetTest, ASegmentThatIsCutOrMissingIsDataLossThatNamesIt) {
  TempDir dir;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto dataset, MakeDataset(dir / "cache", {{"t", 3000}}));
  const std::filesystem::path segment = SegmentIn(dir / "cache");
  const auto whole = static_cast<int64_t>(std::filesystem::file_size(segment));
  for (const int64_t bytes : {int64_t{0}, int64_t{8}, int64_t{5998}, whole - 1, whole + 1, whole + 9000}) {
    std::filesystem::resize_file(segment, bytes);
    EXPECT_THAT(ClipDataset::Open(dir / "cache"),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(segment.filename().string())));
  }
  std::filesystem::remove(segment);
  EXPECT_THAT(ClipDataset::Open(dir / "cache"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("missing")));
}

TEST(ClipDatasetTest, SamplesThatWereTakenOutOfASegmentAreDataLossWithBothSizes) {
  TempDir dir;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto dataset, MakeDataset(dir / "cache", {{"t", 3000}}));
  const std::filesystem::path segment = SegmentIn(dir / "cache");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string whole, base::ReadFile(segment));
  testing::WriteFile(segment, whole.substr(2));
  EXPECT_THAT(ClipDataset::Open(dir / "cache"),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("5998"), HasSubstr("6000"))));
}

TEST(ClipDatasetTest, AnIndexThatWasChangedIsDataLoss) {
  TempDir dir;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto dataset, MakeDataset(dir / "cache", {{"t1", 3000}, {"t2", 4000}}));
  const auto path = dir / "cache/index.json";
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string whole, base::ReadFile(path));
  const std::vector<std::string> damaged = {
      "",
      "[]",
      whole.substr(0, whole.size() / 2),
      ReplaceOnce(whole, "\"format_version\": 2", "\"format_version\": 1"),
      ReplaceOnce(whole, "\"t1\"", "\"t2\""),
      ReplaceOnce(whole, "\"length_samples\": 4000", "\"length_samples\": 4001"),
      ReplaceOnce(whole, "\"length_samples\": 4000", "\"length_samples\": 9223372036854775807"),
      ReplaceOnce(whole, "\"offset_samples\": 3000", "\"offset_samples\": -1"),
      ReplaceOnce(whole, "\"labels\": \"\"", "\"labels\": \"1\""),
      ReplaceOnce(whole, "\"offset_samples\": 3000", "\"offset_samples\": 2999"),
      ReplaceOnce(whole, "\"segment\": 0", "\"segment\": 1"),
      ReplaceOnce(whole, "\"pcm_sha256\": \"", "\"pcm_sha256\": \"0"),
      ReplaceOnce(whole, "\"tags\": []", "\"tags\": [\"rock\"]"),
      ReplaceOnce(whole, "\"tags\": []", "\"tags\": 7"),
  };
  for (const std::string& text : damaged) {
    testing::WriteFile(path, text);
    EXPECT_THAT(ClipDataset::Open(dir / "cache"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("cache")))
        << text;
  }
  testing::WriteFile(path, whole);
  EXPECT_THAT(ClipDataset::Open(dir / "cache"), IsOk());
}

}  // namespace
}  // namespace timbre::dataset
