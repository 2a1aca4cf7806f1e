#include "absl/strings/str_cat.h"
#include "core/base/exhausted.h"
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

const std::string kModel = "songs";

std::string Outcome(const std::string& outcome, const std::string& model = kModel) {
  return absl::StrCat("timbre_embed_requests_total{model=\"", model, "\",outcome=\"", outcome, "\"}");
}

std::string Phase(const std::string& what, const std::string& phase, const std::string& model = kModel) {
  return absl::StrCat("timbre_embed_request_phase_seconds_", what, "{model=\"", model, "\",phase=\"", phase,
                      "\"}");
}

std::string OfModel(const std::string& name, const std::string& model = kModel) {
  return absl::StrCat(name, "{model=\"", model, "\"}");
}

std::string Total(const std::string& part, const std::string& model = kModel,
                  const std::string& priority = "interactive") {
  return absl::StrCat("timbre_embed_request_seconds_", part, "{model=\"", model, "\",priority=\"", priority,
                      "\"}");
}

void Report(Exporter& exporter, const absl::Status& status, double audio_seconds,
            const std::string& model = kModel) {
  const embed::Timings timings = SomeTimings();
  if (status.ok()) exporter.inference().OnAnswer({timings, audio_seconds, model});
  exporter.inference().OnEnd(status, model);
}

TEST(EmbedMetricsTest, EverySeriesStandsAtZeroBeforeTheFirstRequest) {
  const std::string text = MakeExporter()->Text();
  for (const char* outcome : {"ok", "rejected", "quota", "expired", "canceled", "invalid", "failed"}) {
    EXPECT_THAT(Value(text, Outcome(outcome, "")), Optional(0)) << outcome;
  }
  for (const char* phase : {"decode", "queue", "infer", "encode"}) {
    EXPECT_THAT(Value(text, Phase("count", phase, "")), Optional(0)) << phase;
  }
  for (const std::string& series :
       {Total("count", "", "interactive"), Total("count", "", "bulk"),
        OfModel("timbre_embed_audio_seconds_total", ""), std::string("timbre_embed_batch_windows_count"),
        std::string("timbre_embed_batch_infer_seconds_count"),
        std::string("timbre_embed_queue_depth{priority=\"bulk\"}")}) {
    EXPECT_THAT(Value(text, series), Optional(0)) << series;
  }
}

TEST(EmbedMetricsTest, AnAnsweredRequestIsTimedByPhase) {
  const auto exporter = MakeExporter();
  Report(*exporter, absl::OkStatus(), 30.5);
  Report(*exporter, absl::OkStatus(), 1.5);
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Outcome("ok")), Optional(2));
  EXPECT_THAT(Value(text, Phase("sum", "decode")), Optional(DoubleNear(0.040, 1e-9)));
  EXPECT_THAT(Value(text, Phase("sum", "queue")), Optional(DoubleNear(0.006, 1e-9)));
  EXPECT_THAT(Value(text, Phase("sum", "infer")), Optional(DoubleNear(0.400, 1e-9)));
  EXPECT_THAT(Value(text, Phase("sum", "encode")), Optional(DoubleNear(0.002, 1e-9)));
  EXPECT_THAT(Value(text, Total("sum")), Optional(DoubleNear(0.448, 1e-9)));
  EXPECT_THAT(Value(text, Total("count")), Optional(2));
  EXPECT_THAT(Value(text, OfModel("timbre_embed_audio_seconds_total")), Optional(DoubleNear(32, 1e-9)));
}

TEST(EmbedMetricsTest, ARefusedRequestIsCountedButNotTimed) {
  const auto exporter = MakeExporter();
  Report(*exporter, base::ExhaustedError(base::Exhausted::kFull, "full"), 10);
  Report(*exporter, base::ExhaustedError(base::Exhausted::kQuota, "too much"), 10);
  Report(*exporter, base::ExhaustedError(base::Exhausted::kLimit, "too long"), 10);
  Report(*exporter, absl::ResourceExhaustedError("out of device memory"), 10);
  Report(*exporter, absl::UnavailableError("draining"), 10);
  Report(*exporter, absl::DeadlineExceededError("late"), 10);
  Report(*exporter, absl::CancelledError("gone"), 10);
  Report(*exporter, absl::InvalidArgumentError("not audio"), 0);
  Report(*exporter, absl::NotFoundError("no model"), 0);
  Report(*exporter, absl::InternalError("engine"), 10);
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Outcome("ok")), Optional(0));
  EXPECT_THAT(Value(text, Outcome("rejected")), Optional(2));
  EXPECT_THAT(Value(text, Outcome("quota")), Optional(1));
  EXPECT_THAT(Value(text, Outcome("expired")), Optional(1));
  EXPECT_THAT(Value(text, Outcome("canceled")), Optional(1));
  EXPECT_THAT(Value(text, Outcome("invalid")), Optional(3));
  EXPECT_THAT(Value(text, Outcome("failed")), Optional(2));
  EXPECT_THAT(Value(text, Total("count")), Optional(0));
  EXPECT_THAT(Value(text, Phase("count", "decode")), Optional(0));
  EXPECT_THAT(Value(text, OfModel("timbre_embed_audio_seconds_total")), Optional(0));
}

TEST(EmbedMetricsTest, EachModelHasItsOwnSeriesUpToAHundred) {
  const auto exporter = MakeExporter();
  for (int i = 0; i < 150; ++i) Report(*exporter, absl::OkStatus(), 1, absl::StrCat("m", i));
  Report(*exporter, absl::NotFoundError("no model"), 0, "");
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Outcome("ok", "m0")), Optional(1));
  EXPECT_THAT(Value(text, OfModel("timbre_embed_audio_seconds_total", "m99")), Optional(1));
  EXPECT_THAT(Value(text, Outcome("ok", "m120")), ::testing::Eq(std::nullopt));
  EXPECT_THAT(Value(text, Outcome("ok", "other")), Optional(50));
  EXPECT_THAT(Value(text, Outcome("invalid", "")), Optional(1));
}

TEST(EmbedMetricsTest, TheSeriesOfAServedModelStandAtZeroBeforeItsFirstRequest) {
  const auto exporter = MakeExporter();
  exporter->SetServedModels({{"m", "stable", 1, "s1"}});
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Outcome("ok", "m")), Optional(0));
  EXPECT_THAT(Value(text, Outcome("rejected", "m")), Optional(0));
  EXPECT_THAT(Value(text, Total("count", "m")), Optional(0));
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
  exporter->SetLoad({.bulk = {.windows = 40}});
  exporter->SetLoad({.windows_inside = 9,
                     .interactive = {.windows = 7, .oldest = absl::Milliseconds(100)},
                     .bulk = {.windows = 30, .oldest = absl::Milliseconds(1500)},
                     .oldest_decode_wait = absl::Milliseconds(200)});
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "timbre_embed_queue_inside"), Optional(9));
  EXPECT_THAT(Value(text, "timbre_embed_queue_depth{priority=\"interactive\"}"), Optional(7));
  EXPECT_THAT(Value(text, "timbre_embed_queue_depth{priority=\"bulk\"}"), Optional(30));
  EXPECT_THAT(Value(text, "timbre_embed_queue_age_seconds{priority=\"interactive\"}"), Optional(0.2));
  EXPECT_THAT(Value(text, "timbre_embed_queue_age_seconds{priority=\"bulk\"}"), Optional(1.5));
}

TEST(EmbedMetricsTest, WhatMayWaitIsTimedApart) {
  const auto exporter = MakeExporter();
  const embed::Timings timings = SomeTimings();
  const std::string model = kModel;
  exporter->inference().OnAnswer({timings, 1, model, embed::Priority::kBulk});
  exporter->inference().OnAnswer({timings, 1, model, embed::Priority::kBulk});
  exporter->inference().OnAnswer({timings, 1, model, embed::Priority::kInteractive});
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Total("count", kModel, "bulk")), Optional(2));
  EXPECT_THAT(Value(text, Total("count", kModel, "interactive")), Optional(1));
}

}  // namespace
}  // namespace timbre::metrics
