#include "core/probe/bootstrap.h"

#include <gmock/gmock.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/probe/metrics.h"
#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;

struct Case {
  std::vector<uint8_t> labels;
  std::vector<float> scores;
  std::vector<std::string> track_ids;

  BootstrapInput Input(uint64_t seed = 42) const { return {labels, scores, track_ids, seed}; }
};

// One tag: positives score one deviation higher, so that the area is Phi(1 / sqrt(2)) = 0.760 in the long
// run.
Case Draw(size_t clips, size_t clips_per_track, uint64_t seed) {
  base::Random random({seed});
  Case drawn;
  for (size_t i = 0; i < clips; ++i) {
    drawn.labels.push_back(random.Bernoulli(0.4));
    drawn.scores.push_back(static_cast<float>(random.Normal() + drawn.labels.back()));
    drawn.track_ids.push_back(absl::StrCat("t", i / clips_per_track));
  }
  return drawn;
}

BootstrapIntervals Resample(const Case& drawn, const BootstrapConfig& config, uint64_t seed = 42) {
  auto intervals = Bootstrap(drawn.Input(seed), config, {});
  EXPECT_THAT(intervals, timbre::testing::IsOk());
  return intervals.value_or(BootstrapIntervals());
}

double Width(const Interval& interval) { return interval.high - interval.low; }

TEST(BootstrapTest, QuantilesAreLinearBetweenNeighbours) {
  const std::vector<double> values = {1, 2, 4, 8};
  EXPECT_EQ(Quantile(values, 0), 1);
  EXPECT_EQ(Quantile(values, 1), 8);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.5), 3);  // numpy.percentile([1, 2, 4, 8], 50)
  EXPECT_DOUBLE_EQ(Quantile(values, 0.1), 1.3);
  EXPECT_TRUE(std::isnan(Quantile({}, 0.5)));
}

TEST(BootstrapTest, AnIntervalCoversTheTruthAboutAsOftenAsItSays) {
  int covered = 0;
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    const auto intervals =
        Resample(Draw(120, 1, static_cast<uint64_t>(round)), {.resamples = 300, .confidence = 0.9});
    covered += intervals.mean_roc_auc.low <= 0.7602 && 0.7602 <= intervals.mean_roc_auc.high;
  }
  EXPECT_GE(covered, kRounds * 82 / 100);  // 180 +- 4 deviations
  EXPECT_LE(covered, kRounds * 98 / 100);
}

TEST(BootstrapTest, ResamplesAreScoredAsTheMetricsScoreTheDrawnClips) {
  // Two tracks: a resample is one of them twice, or both, so that the ends of a wide interval are known.
  const std::vector<uint8_t> labels = {1, 0, 0, 0, 1, 1};
  const std::vector<float> scores = {.2F, .2F, .1F, .9F, .8F, .3F};
  const Case drawn = {labels, scores, {"a", "a", "a", "b", "b", "b"}};
  const auto ap = [&](size_t begin) {
    return AveragePrecision(std::span(labels).subspan(begin, 3), std::span(scores).subspan(begin, 3));
  };
  const auto auc = [&](size_t begin) {
    return RocAuc(std::span(labels).subspan(begin, 3), std::span(scores).subspan(begin, 3));
  };
  const auto intervals = Resample(drawn, {.resamples = 1000, .confidence = 0.95});
  const double both = AveragePrecision(labels, scores);
  EXPECT_NEAR(intervals.average_precision[0].low, std::min({ap(0), ap(3), both}), 1e-12);
  EXPECT_NEAR(intervals.average_precision[0].high, std::max({ap(0), ap(3), both}), 1e-12);
  EXPECT_NEAR(intervals.roc_auc[0].low, std::min({auc(0), auc(3), RocAuc(labels, scores)}), 1e-12);
  EXPECT_NEAR(intervals.roc_auc[0].high, std::max({auc(0), auc(3), RocAuc(labels, scores)}), 1e-12);
}

TEST(BootstrapTest, ClipsOfATrackAreDrawnTogetherWhichWidensTheInterval) {
  Case alone = Draw(60, 1, 3);
  Case copied;  // each clip ten times: ten times the clips, and nothing new
  for (size_t i = 0; i < 600; ++i) {
    copied.labels.push_back(alone.labels[i / 10]);
    copied.scores.push_back(alone.scores[i / 10]);
    copied.track_ids.push_back(absl::StrCat("t", i / 10));
  }
  const double by_track = Width(Resample(copied, {}).mean_roc_auc);
  EXPECT_NEAR(by_track, Width(Resample(alone, {}).mean_roc_auc), 0.03);
  for (size_t i = 0; i < 600; ++i) copied.track_ids[i] = absl::StrCat(i);
  EXPECT_LT(Width(Resample(copied, {}).mean_roc_auc), by_track / 2);
}

TEST(BootstrapTest, MoreConfidenceIsWiderAndTheSeedDecides) {
  const Case drawn = Draw(80, 2, 1);
  const auto wide = Resample(drawn, {.confidence = 0.99});
  const auto narrow = Resample(drawn, {.confidence = 0.8});
  EXPECT_GT(Width(wide.mean_average_precision), Width(narrow.mean_average_precision));
  EXPECT_EQ(Resample(drawn, {.confidence = 0.8}).mean_roc_auc.low, narrow.mean_roc_auc.low);
  EXPECT_NE(Resample(drawn, {.confidence = 0.8}, 43).mean_roc_auc.low, narrow.mean_roc_auc.low);
}

TEST(BootstrapTest, ATagOfOneClassHasNoIntervalAndLeavesTheMeanAlone) {
  Case drawn = Draw(50, 1, 2);
  const auto one = Resample(drawn, {});
  drawn.labels.insert(drawn.labels.end(), 50, uint8_t{0});
  drawn.scores.insert(drawn.scores.end(), 50, 0.0F);
  const auto two = Resample(drawn, {});
  EXPECT_TRUE(std::isnan(two.average_precision[1].low));
  EXPECT_TRUE(std::isnan(two.roc_auc[1].high));
  EXPECT_EQ(two.mean_average_precision.low, one.mean_average_precision.low);
}

TEST(BootstrapTest, ACancelEndsIt) {
  base::CancelSource source;
  source.Cancel(absl::CancelledError("enough"));
  const Case drawn = Draw(10, 1, 1);
  EXPECT_THAT(Bootstrap(drawn.Input(), {}, source.token()),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("enough")));
}

}  // namespace
}  // namespace timbre::probe
