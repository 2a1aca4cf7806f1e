#include <numeric>

#include "client/bench/json.h"
#include "client/bench/summary.h"
#include "client/cli/bench_text.h"
#include "tests/support/matchers.h"

namespace timbre::bench {
namespace {

using ::testing::HasSubstr;

TEST(QuantilesTest, AreNearestRanks) {
  std::vector<double> values(1000);
  std::iota(values.rbegin(), values.rend(), 1);  // 1000 ... 1
  const Quantiles quantiles = QuantilesOf(values);
  EXPECT_EQ(quantiles.p50_ms, 500);
  EXPECT_EQ(quantiles.p90_ms, 900);
  EXPECT_EQ(quantiles.p99_ms, 990);
  EXPECT_EQ(quantiles.p999_ms, 999);
  EXPECT_EQ(quantiles.max_ms, 1000);
  EXPECT_EQ(quantiles.mean_ms, 500.5);
}

TEST(QuantilesTest, OfFewValuesAreAmongThem) {
  EXPECT_EQ(QuantilesOf({3}).p50_ms, 3);
  EXPECT_EQ(QuantilesOf({3}).p999_ms, 3);
  EXPECT_EQ(QuantilesOf({5, 1}).p50_ms, 1);
  EXPECT_EQ(QuantilesOf({5, 1}).p90_ms, 5);
  EXPECT_EQ(QuantilesOf({}).max_ms, 0);
}

// At 1 s, 2 s, ...: one of each end in [1 s, 5 s), and one answered outside.
LoadResult OneOfEach() {
  const auto at = [](double seconds, Outcome outcome) {
    outcome.due = absl::Seconds(seconds);
    outcome.sent = outcome.due + absl::Milliseconds(1);
    outcome.ended = outcome.due + absl::Milliseconds(11);
    return outcome;
  };
  return {
      .outcomes = {at(0, {.windows = 9}), at(1, {.windows = 2, .audio_seconds = 5, .phases = {1, 2, 4, 7}}),
                   at(2, {.code = absl::StatusCode::kDeadlineExceeded}),
                   at(3, {.end = Outcome::End::kDropped}),
                   at(4, {.end = Outcome::End::kCutOff, .code = absl::StatusCode::kCancelled})},
      .begin = absl::Seconds(1),
      .end = absl::Seconds(5),
      .stopped = true,
      .messages = {{absl::StatusCode::kDeadlineExceeded, "too late"}}};
}

TEST(SummaryTest, EveryCallIsCountedOnce) {
  const Summary summary = Summarise(OneOfEach());
  EXPECT_EQ(summary.due, 4);
  EXPECT_EQ(summary.answered, 1);
  EXPECT_EQ(summary.failed, 1);
  EXPECT_EQ(summary.dropped, 1);
  EXPECT_EQ(summary.cut_off, 1);
  EXPECT_DOUBLE_EQ(summary.seconds, 4);
  EXPECT_DOUBLE_EQ(summary.windows_per_second, 0.5);
  EXPECT_DOUBLE_EQ(summary.audio_seconds_per_second, 1.25);
}

TEST(SummaryTest, LatenciesAreTakenApart) {
  const Summary summary = Summarise(OneOfEach());
  EXPECT_DOUBLE_EQ(summary.latency.p50_ms, 11);
  EXPECT_DOUBLE_EQ(summary.send_delay.p50_ms, 1);
  EXPECT_DOUBLE_EQ(summary.decode.p50_ms, 1);
  EXPECT_DOUBLE_EQ(summary.queue.p50_ms, 2);
  EXPECT_DOUBLE_EQ(summary.infer.p50_ms, 4);
  EXPECT_DOUBLE_EQ(summary.outside_server.p50_ms, 10 - 7);
  EXPECT_DOUBLE_EQ(summary.beside_infer.p50_ms, 10 - 4);
  EXPECT_DOUBLE_EQ(summary.errors.at(0).latency.p50_ms, 10);
}

TEST(SummaryTest, ALoadOfNothingIsAllZero) {
  const Summary summary = Summarise({});
  EXPECT_EQ(summary.due, 0);
  EXPECT_EQ(summary.requests_per_second, 0);
}

TEST(SummaryTest, BothFormsTellAllOfIt) {
  const Summary summary = Summarise(OneOfEach());
  const std::string text = cli::BenchText(summary);
  EXPECT_THAT(text, HasSubstr("4 calls in 4.0 s: 1 answered, 1 failed, 1 dropped, 1 cut off"));
  EXPECT_THAT(text, HasSubstr("0.2 requests/s, 0.5 windows/s, 1.2 seconds of audio a second"));
  EXPECT_THAT(text, HasSubstr("1 DEADLINE_EXCEEDED (p50 10.00 ms, p99 10.00 ms): too late"));
  const nlohmann::json json = ToJson(summary);
  EXPECT_EQ(json["latency_ms"]["p999"], 11);
  EXPECT_EQ(json["phases_ms"]["infer"]["p99"], 4);
  EXPECT_EQ(json["errors"][0]["code"], "DEADLINE_EXCEEDED");
}

}  // namespace
}  // namespace timbre::bench
