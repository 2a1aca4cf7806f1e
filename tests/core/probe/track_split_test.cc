#include "core/probe/track_split.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::timbre::testing::StatusIs;

std::vector<std::string> Tracks(size_t tracks, size_t clips_each) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < tracks * clips_each; ++i) ids.push_back(absl::StrCat("t", i % tracks));
  return ids;
}

std::set<std::string> TracksOf(const std::vector<size_t>& rows, const std::vector<std::string>& ids) {
  std::set<std::string> tracks;
  for (const size_t row : rows) tracks.insert(ids[row]);
  return tracks;
}

TEST(TrackSplitTest, EachClipIsInOnePartAndNoTrackInBoth) {
  const auto ids = Tracks(20, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TrackSplit split, SplitByTrack(ids, 0.15, 42));
  EXPECT_EQ(split.validation.size(), 9U);  // 3 of 20 tracks
  EXPECT_EQ(split.fit.size(), 51U);
  const auto fit = TracksOf(split.fit, ids);
  for (const std::string& track : TracksOf(split.validation, ids)) EXPECT_FALSE(fit.contains(track));
}

TEST(TrackSplitTest, ItDependsOnTheSeedAndNotOnTheOrderOfTheClips) {
  auto ids = Tracks(20, 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TrackSplit first, SplitByTrack(ids, 0.3, 1));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TrackSplit other, SplitByTrack(ids, 0.3, 2));
  EXPECT_NE(TracksOf(first.validation, ids), TracksOf(other.validation, ids));
  auto reversed = ids;
  std::reverse(reversed.begin(), reversed.end());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TrackSplit again, SplitByTrack(reversed, 0.3, 1));
  EXPECT_EQ(TracksOf(first.validation, ids), TracksOf(again.validation, reversed));
}

TEST(TrackSplitTest, BothPartsHaveAtLeastOneTrack) {
  const auto ids = Tracks(2, 4);
  for (const double ratio : {1e-6, 0.5, 0.999999}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const TrackSplit split, SplitByTrack(ids, ratio, 42));
    EXPECT_EQ(split.validation.size(), 4U);
    EXPECT_EQ(split.fit.size(), 4U);
  }
}

TEST(TrackSplitTest, OneTrackCannotBeSplit) {
  EXPECT_THAT(SplitByTrack(Tracks(1, 5), 0.15, 42), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace timbre::probe
