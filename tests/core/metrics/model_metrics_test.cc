#include "core/metrics/model_metrics.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/core/metrics/metrics_text.h"

namespace timbre::metrics {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

std::string Result(const std::string& what, const std::string& result) {
  return absl::StrCat("timbre_model_", what, "_total{result=\"", result, "\"}");
}

std::string Info(const std::string& model, int version) {
  return absl::StrCat("timbre_model_info{label=\"stable\",model=\"", model, "\",space_id=\"s", version,
                      "\",version=\"", version, "\"}");
}

TEST(ModelMetricsTest, EveryResultStandsAtZeroBeforeTheFirstLoad) {
  const std::string text = MakeExporter()->Text();
  for (const char* result : {"ok", "refused", "failed"}) {
    EXPECT_THAT(Value(text, Result("loads", result)), Optional(0)) << result;
    EXPECT_THAT(Value(text, Result("promotes", result)), Optional(0)) << result;
  }
  EXPECT_THAT(Value(text, "timbre_models_served"), Optional(0));
}

TEST(ModelMetricsTest, LoadsAndPromotesAreCountedByResultAndOnlyGoodLoadsTimed) {
  const auto exporter = MakeExporter();
  registry::Observer& models = exporter->models();
  models.OnLoaded(absl::OkStatus(), absl::Milliseconds(40));
  models.OnLoaded(absl::DataLossError("torn"), absl::Seconds(9));
  models.OnPromoted(absl::OkStatus());
  models.OnPromoted(absl::NotFoundError("no version 7"));
  models.OnPromoted(absl::InvalidArgumentError("tensors do not fit"));
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Result("loads", "ok")), Optional(1));
  EXPECT_THAT(Value(text, Result("loads", "failed")), Optional(1));
  EXPECT_THAT(Value(text, "timbre_model_load_seconds_sum"), Optional(DoubleNear(0.04, 1e-9)));
  EXPECT_THAT(Value(text, Result("promotes", "ok")), Optional(1));
  EXPECT_THAT(Value(text, Result("promotes", "refused")), Optional(1));
  EXPECT_THAT(Value(text, Result("promotes", "failed")), Optional(1));
}

TEST(ModelMetricsTest, AServedVersionHasASeriesUntilAnotherTakesItsPlace) {
  const auto exporter = MakeExporter();
  exporter->SetServedModels({{"m", "stable", 1, "s1"}, {"n", "stable", 1, "s1"}});
  exporter->SetServedModels({{"m", "stable", 2, "s2"}, {"n", "stable", 1, "s1"}});
  const std::string text = exporter->Text();
  EXPECT_EQ(Value(text, Info("m", 1)), std::nullopt);
  EXPECT_THAT(Value(text, Info("m", 2)), Optional(1));
  EXPECT_THAT(Value(text, Info("n", 1)), Optional(1));
  EXPECT_THAT(Value(text, "timbre_models_served"), Optional(2));
}

TEST(ModelMetricsTest, ManyModelsMakeNoMoreSeriesThanAHundred) {
  const auto exporter = MakeExporter();
  std::vector<ServedModel> served;
  for (int i = 0; i < 150; ++i) served.push_back({absl::StrCat("m", i), "stable", 1, "s1"});
  exporter->SetServedModels(served);
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, Info("m99", 1)), Optional(1));
  EXPECT_THAT(text, Not(HasSubstr("m100")));
  EXPECT_THAT(Value(text, "timbre_models_served"), Optional(150));
}

}  // namespace
}  // namespace timbre::metrics
