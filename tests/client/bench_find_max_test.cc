#include "client/bench/find_max.h"
#include "tests/client/simulated_server.h"
#include "tests/support/matchers.h"

namespace timbre::bench {
namespace {

using ::testing::HasSubstr;

// A server that holds every rate up to `capacity`.
SearchResult SearchOver(double capacity, const SearchRange& range) {
  return FindMax(
      range, [capacity](double rps) { return Trial{.rps = rps, .why_not = rps > capacity ? "late" : ""}; },
      {});
}

TEST(FindMaxTest, ComesWithinItsResolutionFromAnyStart) {
  for (const double capacity : {0.7, 9.0, 123.4, 5000.0}) {
    for (const double start : {0.5, 8.0, 3000.0}) {
      const SearchResult result = SearchOver(capacity, {.start_rps = start});
      EXPECT_LE(result.max_rps, capacity);
      EXPECT_GE(result.max_rps * 1.05, capacity) << capacity << " from " << start;
      EXPECT_LE(result.trials.size(), 20u);
    }
  }
}

TEST(FindMaxTest, NoRateIsTriedTwiceAndNoneAboveOneThatFailed) {
  const SearchResult result = SearchOver(100, {});
  double held = 0, failed = 1e9;
  for (const Trial& trial : result.trials) {
    EXPECT_GT(trial.rps, held);
    EXPECT_LT(trial.rps, failed);
    (trial.holds() ? held : failed) = trial.rps;
  }
}

TEST(FindMaxTest, ARangeHasEnds) {
  EXPECT_EQ(SearchOver(0.01, {}).max_rps, 0);
  EXPECT_EQ(SearchOver(1e9, {.highest_rps = 1000}).max_rps, 1000);
}

TEST(FindMaxTest, AnInterruptedSearchKeepsWhatHeld) {
  int trials = 0;
  const SearchResult result = FindMax(
      {}, [&](double rps) { return ++trials, Trial{.rps = rps}; }, [&] { return trials == 3; });
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.max_rps, 16);
  EXPECT_EQ(result.trials.size(), 2u);
}

// Constant arrivals at a server of 10 ms a call wait for nothing up to 100 a second, and forever above.
TEST(FindMaxTest, FindsTheCapacityOfASimulatedServer) {
  const absl::Duration limit = absl::Milliseconds(50);
  size_t most_calls = 0;
  const SearchResult result = FindMax(
      {},
      [&](double rps) {
        SimulatedServer server(absl::Milliseconds(10));
        const LoadPlan plan{.rps = rps, .arrivals = Arrivals::kConstant, .duration = absl::Seconds(60)};
        const LoadResult load = RunLoad(plan, server, server, {.enough = HopelessAfter(plan, limit)});
        most_calls = std::max(most_calls, load.outcomes.size());
        Trial trial{.rps = rps, .summary = Summarise(load)};
        trial.why_not = WhyNot(trial.summary, limit);
        return trial;
      },
      {});
  EXPECT_LE(result.max_rps, 101);
  EXPECT_GE(result.max_rps, 95);
  EXPECT_LE(most_calls, 6100u);  // hopeless rates end early
}

TEST(WhyNotTest, NamesWhatStandsInTheWay) {
  const absl::Duration limit = absl::Milliseconds(50);
  Summary summary{.answered = 10, .latency = {.p99_ms = 49.9}};
  EXPECT_EQ(WhyNot(summary, limit), "");
  summary.latency.p99_ms = 50.5;
  EXPECT_EQ(WhyNot(summary, limit), "p99 50.5 ms is above 50 ms");
  summary.dropped = 3;
  EXPECT_THAT(WhyNot(summary, limit), HasSubstr("3 dropped"));
  summary.failed = 2;
  summary.errors = {{.code = "UNAVAILABLE", .count = 2, .message = "draining"}};
  EXPECT_EQ(WhyNot(summary, limit), "2 failed: UNAVAILABLE: draining");
  EXPECT_EQ(WhyNot({}, limit), "nothing was answered");
}

TEST(HopelessTest, OneErrorOrOneInAHundredLateIsEnough) {
  const LoadPlan plan{.rps = 100, .warmup = absl::Seconds(1), .duration = absl::Seconds(2)};
  const Outcome good{.due = absl::Seconds(2), .ended = absl::Seconds(2) + absl::Milliseconds(49)};
  Outcome late = good;
  late.ended += absl::Milliseconds(2);
  Outcome failed = good;
  failed.code = absl::StatusCode::kUnavailable;
  Outcome early = failed;
  early.due = absl::ZeroDuration();
  const auto hopeless = HopelessAfter(plan, absl::Milliseconds(50));
  EXPECT_FALSE(hopeless(early));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(hopeless(good));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(hopeless(late));
  EXPECT_TRUE(hopeless(late));
  EXPECT_TRUE(HopelessAfter(plan, absl::Milliseconds(50))(failed));
}

}  // namespace
}  // namespace timbre::bench
