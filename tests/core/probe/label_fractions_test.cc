#include "core/probe/label_fractions.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "core/probe/head_probe.h"
#include "tests/core/probe/made_embeddings.h"
#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::testing::SizeIs;

TEST(LabelFractionsTest, ASmallersTracksArePartOfALargersAndTracksStayWhole) {
  const auto set = Make({.count = 300, .clips_per_track = 3, .seed = 1}, 1);
  std::vector<size_t> before;
  for (const double fraction : {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0}) {
    const auto clips = ClipsOfFraction(set.track_ids, fraction, 42);
    EXPECT_TRUE(std::is_sorted(clips.begin(), clips.end()));
    EXPECT_TRUE(std::includes(clips.begin(), clips.end(), before.begin(), before.end()));
    std::set<std::string> tracks;
    for (const size_t clip : clips) tracks.insert(set.track_ids[clip]);
    EXPECT_EQ(tracks.size(), std::max<size_t>(2, static_cast<size_t>(fraction * 100 + 0.5)));
    EXPECT_EQ(clips.size(), 3 * tracks.size());
    before = clips;
  }
  EXPECT_NE(ClipsOfFraction(set.track_ids, 0.1, 42), ClipsOfFraction(set.track_ids, 0.1, 43));
}

TEST(LabelFractionsTest, EachIsAProbeOfItsOwnAndAllOfThemIsTheProbe) {
  const std::vector<std::string> tags = {"drums", "guitar", "piano"};
  const auto train = Make({.count = 300, .seed = 1}, 3);
  const auto test = Make({.count = 150, .seed = 2}, 3);
  ProbeConfig config{.learning_rate = 0.01, .label_fractions = {1, 0.05, 0.3}};
  std::vector<int64_t> done;
  const auto on_done = [&](int64_t count, int64_t) { done.push_back(count); };
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto curve, RunLabelFractions(train, test, tags, config, {}, on_done));
  EXPECT_THAT(done, ::testing::ElementsAre(1, 2, 3));
  ASSERT_THAT(curve, SizeIs(3));
  EXPECT_EQ(curve[0].fraction, 0.05);
  EXPECT_EQ(curve[0].tracks, 8);
  EXPECT_EQ(curve[0].result.train_clips + curve[0].result.validation_clips, 16);
  EXPECT_EQ(curve[1].tracks, 45);
  EXPECT_EQ(curve[0].result.test_clips, 150);
  EXPECT_LT(curve[0].result.mean_average_precision, curve[2].result.mean_average_precision);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult whole, RunHeadProbe(train, test, tags, config, {}, nullptr));
  EXPECT_EQ(curve[2].result.head, whole.head);
}

}  // namespace
}  // namespace timbre::probe
