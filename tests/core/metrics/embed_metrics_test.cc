#include "tests/core/metrics/metrics_text.h"

namespace timbre::metrics {
namespace {

using ::testing::DoubleNear;
using ::testing::Optional;

embed::Timings SomeTimings() {
  return {.decode = absl::Milliseconds(20),
          .queue = absl::Milliseconds(3),
          .infer = absl::Milliseconds(200),
          .encode = absl::Milliseconds(1),
          .total = absl::Milliseconds(224)};
}

std::string Outcome(const std::string& outcome) {
  return "timbre_embed_requests_total{outcome=\"" + outcome + "\"}";
}

std::string Phase(const std::string& what, const std::string& phase) {
  return "timbre_embed_request_phase_seconds_" + what + "{phase=\"" + phase + "\"}";
}

TEST(EmbedMetricsTest, EverySeriesStandsAtZeroBeforeTheFirstRequest) {
  const std::string text = MakeExporter()->Text();
  for (const char* outcome : {"ok", "rejected", "expired", "canceled", "invalid", "failed"}) {
    EXPECT_THAT(Value(text, Outcome(outcome)), Optional(0)) << outcome;
  }
  for (const char* phase : {"decode", "queue", "infer", "encode"}) {
    EXPECT_THAT(Value(text, Phase("count", phase)), Optional(0)) << phase;
  }
  for (const char* series : {"timbre_embed_request_seconds_count", "timbre_embed_audio_seconds_total",
                             "timbre_embed_batch_windows_count", "timbre_embed_batch_infer_seconds_count",
                             "timbre_embed_queue_depth"}) {
    EXPECT_THAT(Value(text, series), Optional(0)) << series;
  }
}

TEST(EmbedMetricsTest, AnAnsweredRequestIsTimedByPhase) {
  const auto exporter = MakeExporter();
  exporter->inference().OnRequest(SomeTimings(), absl::OkStatus(), 30.5);
  exporter->inference().OnRequest(SomeTimings(), absl::OkStatus(), 1.5);
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Outcome("ok")), Optional(2));
  EXPECT_THAT(Value(text, Phase("sum", "decode")), Optional(DoubleNear(0.040, 1e-9)));
  EXPECT_THAT(Value(text, Phase("sum", "queue")), Optional(DoubleNear(0.006, 1e-9)));
  EXPECT_THAT(Value(text, Phase("sum", "infer")), Optional(DoubleNear(0.400, 1e-9)));
  EXPECT_THAT(Value(text, Phase("sum", "encode")), Optional(DoubleNear(0.002, 1e-9)));
  EXPECT_THAT(Value(text, "timbre_embed_request_seconds_sum"), Optional(DoubleNear(0.448, 1e-9)));
  EXPECT_THAT(Value(text, "timbre_embed_request_seconds_count"), Optional(2));
  EXPECT_THAT(Value(text, "timbre_embed_audio_seconds_total"), Optional(DoubleNear(32, 1e-9)));
}

TEST(EmbedMetricsTest, ARefusedRequestIsCountedButNotTimed) {
  const auto exporter = MakeExporter();
  embed::Observer& inference = exporter->inference();
  inference.OnRequest(SomeTimings(), absl::ResourceExhaustedError("full"), 10);
  inference.OnRequest(SomeTimings(), absl::UnavailableError("draining"), 10);
  inference.OnRequest(SomeTimings(), absl::DeadlineExceededError("late"), 10);
  inference.OnRequest(SomeTimings(), absl::CancelledError("gone"), 10);
  inference.OnRequest(SomeTimings(), absl::InvalidArgumentError("not audio"), 0);
  inference.OnRequest(SomeTimings(), absl::NotFoundError("no model"), 0);
  inference.OnRequest(SomeTimings(), absl::InternalError("engine"), 10);
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Outcome("ok")), Optional(0));
  EXPECT_THAT(Value(text, Outcome("rejected")), Optional(2));
  EXPECT_THAT(Value(text, Outcome("expired")), Optional(1));
  EXPECT_THAT(Value(text, Outcome("canceled")), Optional(1));
  EXPECT_THAT(Value(text, Outcome("invalid")), Optional(2));
  EXPECT_THAT(Value(text, Outcome("failed")), Optional(1));
  EXPECT_THAT(Value(text, "timbre_embed_request_seconds_count"), Optional(0));
  EXPECT_THAT(Value(text, Phase("count", "decode")), Optional(0));
  EXPECT_THAT(Value(text, "timbre_embed_audio_seconds_total"), Optional(0));
}

TEST(EmbedMetricsTest, BatchesAreCountedByTheirWindows) {
  const auto exporter = MakeExporter();
  exporter->inference().OnBatch(1, absl::Milliseconds(50));
  exporter->inference().OnBatch(16, absl::Milliseconds(450));
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "timbre_embed_batch_windows_count"), Optional(2));
  EXPECT_THAT(Value(text, "timbre_embed_batch_windows_sum"), Optional(17));
  EXPECT_THAT(Value(text, "timbre_embed_batch_windows_bucket{le=\"1\"}"), Optional(1));
  EXPECT_THAT(Value(text, "timbre_embed_batch_windows_bucket{le=\"8\"}"), Optional(1));
  EXPECT_THAT(Value(text, "timbre_embed_batch_windows_bucket{le=\"16\"}"), Optional(2));
  EXPECT_THAT(Value(text, "timbre_embed_batch_infer_seconds_sum"), Optional(DoubleNear(0.5, 1e-9)));
}

TEST(EmbedMetricsTest, TheQueueIsAsItWasLastSeen) {
  const auto exporter = MakeExporter();
  exporter->SetLoad({.windows_waiting = 40});
  exporter->SetLoad({.windows_inside = 9, .windows_waiting = 7, .oldest_wait = absl::Milliseconds(1500)});
  EXPECT_THAT(Value(exporter->Text(), "timbre_embed_queue_depth"), Optional(7));
  EXPECT_THAT(Value(exporter->Text(), "timbre_embed_queue_inside"), Optional(9));
  EXPECT_THAT(Value(exporter->Text(), "timbre_embed_queue_age_seconds"), Optional(1.5));
}

}  // namespace
}  // namespace timbre::metrics
