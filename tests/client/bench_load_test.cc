#include "client/bench/load.h"
#include "client/bench/summary.h"
#include "tests/client/simulated_server.h"
#include "tests/support/matchers.h"

namespace timbre::bench {
namespace {

LoadPlan Open(double rps, absl::Duration duration) {
  return {.rps = rps, .arrivals = Arrivals::kConstant, .duration = duration};
}

TEST(LoadTest, AnOpenLoopWithinCapacityIsAnsweredInTheServiceTime) {
  SimulatedServer server(absl::Milliseconds(5));
  const Summary summary = Summarise(RunLoad(Open(100, absl::Seconds(10)), server, server));
  EXPECT_EQ(summary.answered, 1000);
  EXPECT_EQ(summary.due, 1000);
  EXPECT_NEAR(summary.latency.max_ms, 5, 1e-6);
  EXPECT_NEAR(summary.server.p50_ms, 5, 1e-6);
  EXPECT_NEAR(summary.outside_server.p99_ms, 0, 1e-6);
  EXPECT_NEAR(summary.requests_per_second, 100, 0.2);
  EXPECT_NEAR(summary.audio_seconds_per_second, 250, 0.5);
}

// The coordinated omission: a caller that waits for answers would see one slow call of a second; those who
// call whenever they want see a hundred.
TEST(LoadTest, AStallIsChargedToAllThatWasDueMeanwhile) {
  const auto slow = [](double rps) {
    SimulatedServer server(absl::Milliseconds(1));
    server.Stall(absl::Seconds(2), absl::Seconds(3));
    LoadPlan plan = Open(rps, absl::Seconds(10));
    const LoadResult result = RunLoad(plan, server, server);
    return std::count_if(result.outcomes.begin(), result.outcomes.end(), [](const Outcome& outcome) {
      return outcome.ended - outcome.due > absl::Milliseconds(500);
    });
  };
  EXPECT_NEAR(static_cast<double>(slow(100)), 55, 2);  // half a second's arrivals, and what they hold up
  EXPECT_EQ(slow(0), 1);                               // a closed loop
}

TEST(LoadTest, AClosedLoopFindsTheCapacityAndItsLatencyIsTheQueue) {
  SimulatedServer server(absl::Milliseconds(10));
  const Summary summary =
      Summarise(RunLoad({.concurrency = 4, .duration = absl::Seconds(10)}, server, server));
  EXPECT_NEAR(summary.windows_per_second, 100, 1);
  EXPECT_NEAR(summary.latency.p50_ms, 40, 1e-6);
  EXPECT_EQ(summary.failed, 0);
}

TEST(LoadTest, TheWarmUpDoesNotCount) {
  SimulatedServer server(absl::Milliseconds(1));
  server.Stall(absl::ZeroDuration(), absl::Seconds(1));
  LoadPlan plan = Open(100, absl::Seconds(2));
  plan.warmup = absl::Seconds(2);
  const LoadResult result = RunLoad(plan, server, server);
  EXPECT_EQ(result.outcomes.size(), 400u);
  const Summary summary = Summarise(result);
  EXPECT_EQ(summary.due, 200);
  EXPECT_NEAR(summary.latency.max_ms, 1, 1e-6);
}

TEST(LoadTest, AtTwiceTheCapacityRefusalsAreCountedByCodeAndTheRateIsTheServers) {
  SimulatedServer server(absl::Milliseconds(10));
  server.RefuseAbove(4);
  const Summary summary = Summarise(RunLoad(Open(200, absl::Seconds(10)), server, server));
  EXPECT_NEAR(summary.requests_per_second, 100, 1);
  ASSERT_EQ(summary.errors.size(), 1u);
  EXPECT_EQ(summary.errors[0].code, "RESOURCE_EXHAUSTED");
  EXPECT_EQ(summary.errors[0].message, "the queue is full");
  EXPECT_NEAR(static_cast<double>(summary.errors[0].count), 1000, 10);
  EXPECT_EQ(summary.answered + summary.failed, summary.due);
  EXPECT_NEAR(summary.errors[0].latency.max_ms, 0, 1e-6);
}

TEST(LoadTest, ArrivalsBeyondTheBoundAreDroppedAndCounted) {
  SimulatedServer server(absl::Milliseconds(10));
  LoadPlan plan = Open(200, absl::Seconds(10));
  plan.max_in_flight = 4;
  const Summary summary = Summarise(RunLoad(plan, server, server));
  EXPECT_NEAR(static_cast<double>(summary.dropped), 1000, 10);
  EXPECT_EQ(summary.answered + summary.dropped, summary.due);
  EXPECT_EQ(summary.failed, 0);
}

TEST(LoadTest, AStoppedLoadKeepsWhatItHas) {
  SimulatedServer server(absl::Milliseconds(10));
  const LoadResult result = RunLoad({.concurrency = 4, .duration = absl::Hours(1)}, server, server,
                                    {.stop = [&server] { return server.Now() >= absl::Seconds(2); }});
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.end, absl::Seconds(2));
  const Summary summary = Summarise(result);
  EXPECT_NEAR(summary.requests_per_second, 100, 1);
  EXPECT_LE(summary.cut_off, 4);
  EXPECT_EQ(summary.failed, 0);
  EXPECT_EQ(summary.answered + summary.cut_off, summary.due);
}

TEST(LoadTest, ALoadEndsWhenItHasShownEnough) {
  SimulatedServer server(absl::Milliseconds(10));
  int seen = 0;
  const LoadResult result = RunLoad(Open(50, absl::Hours(1)), server, server,
                                    {.enough = [&seen](const Outcome&) { return ++seen == 7; }});
  EXPECT_TRUE(result.stopped);
  EXPECT_LE(result.outcomes.size(), 8u);
}

TEST(SteadyTimelineTest, AWakeBeforeTheWaitIsNotLost) {
  SteadyTimeline timeline;
  timeline.Wake();
  timeline.WaitUntil(absl::InfiniteDuration());
  EXPECT_GT(timeline.Now(), absl::ZeroDuration());
}

}  // namespace
}  // namespace timbre::bench
