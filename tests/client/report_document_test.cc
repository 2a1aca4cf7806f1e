#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "client/report/configuration.h"
#include "client/report/document.h"
#include "client/report/page.h"
#include "client/report/training_json.h"
#include "tests/client/report_messages.h"

namespace timbre::report {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Curves CurvesOf(int64_t steps, size_t point_limit) {
  Curves curves(point_limit);
  for (int64_t step = 1; step <= steps; ++step) {
    v1::JobEvent event;
    event.mutable_training_progress()->set_step(step);
    event.mutable_training_progress()->set_loss(static_cast<double>(step));
    curves.Add(event);
  }
  return curves;
}

TEST(ReportCurvesTest, AShortTrainingHasAPointAReport) {
  const json curves = CurvesOf(4, 8).ToJson();
  EXPECT_EQ(curves["steps"], json({1, 2, 3, 4}));
  EXPECT_EQ(curves["metrics"]["loss"], json({1, 2, 3, 4}));
  EXPECT_EQ(curves["reports_per_point"], 1);
}

TEST(ReportCurvesTest, ALongTrainingHasMeansAndNoMorePointsThanTheLimit) {
  for (const int64_t steps : {9, 100, 1000, 4097}) {
    const json curves = CurvesOf(steps, 8).ToJson();
    EXPECT_LE(curves["steps"].size(), 8u);
    EXPECT_GE(curves["steps"].size(), 4u);
    EXPECT_EQ(curves["report_count"], steps);
    EXPECT_EQ(curves["steps"].back(), steps);
    // The loss was the step: the first point is the mean of the first steps.
    const double width = curves["reports_per_point"];
    EXPECT_DOUBLE_EQ(curves["metrics"]["loss"][0], (1 + width) / 2);
  }
}

TEST(ReportCurvesTest, StepsThatAResumeMakesAgainReplaceTheLostOnes) {
  Curves curves = CurvesOf(6, 100);
  v1::JobEvent resumed;
  resumed.mutable_resumed()->set_step(3);
  curves.Add(resumed);
  v1::JobEvent event;
  event.mutable_training_progress()->set_step(4);
  event.mutable_training_progress()->set_loss(40);
  curves.Add(event);
  const json out = curves.ToJson();
  EXPECT_EQ(out["steps"], json({1, 2, 3, 4}));
  EXPECT_EQ(out["metrics"]["loss"], json({1, 2, 3, 40}));
  EXPECT_EQ(out["resumed_at"], json::array({3}));
}

TEST(ReportCurvesTest, WhatIsNotFiniteIsAGapAndAMetricWithoutANumberIsLeftOut) {
  Curves curves;
  for (const double loss : {2.0, std::nan(""), 1.0}) {
    v1::JobEvent event;
    event.mutable_training_progress()->set_loss(loss);
    event.mutable_training_progress()->set_gradient_norm(INFINITY);
    curves.Add(event);
  }
  const json out = curves.ToJson();
  EXPECT_EQ(out["metrics"]["loss"], json({2.0, nullptr, 1.0}));
  EXPECT_FALSE(out["metrics"].contains("gradient_norm"));
}

TEST(ReportCurvesTest, WarningsAreKeptUpToALimitAndAllCounted) {
  Curves curves;
  v1::JobEvent event;
  event.mutable_health_warning()->set_problem(v1::HEALTH_PROBLEM_STARVING);
  for (int i = 0; i < 250; ++i) curves.Add(event);
  const json out = curves.ToJson();
  EXPECT_EQ(out["problems"].size(), 100u);
  EXPECT_EQ(out["problem_count"], 250);
  EXPECT_EQ(out["problems"][0]["problem"], "starving");
}

TEST(ReportConfigurationTest, EachFieldThatIsSetIsARow) {
  v1::ProbeConfig config;
  config.set_learning_rate(0.001);
  config.mutable_mlp()->set_hidden_unit_count(512);
  config.set_features(v1::PROBE_FEATURES_RAW);
  config.add_label_fractions(0.01);
  config.add_label_fractions(1);
  config.mutable_bootstrap();
  config.mutable_baselines()->set_knn(false);
  const json rows = ConfigurationRows(config);
  std::vector<std::string> texts;
  for (const json& row : rows) texts.push_back(row[0].get<std::string>() + " = " + row[1].get<std::string>());
  EXPECT_THAT(texts, ElementsAre("learning_rate = 0.001", "mlp.hidden_unit_count = 512",
                                 "features = PROBE_FEATURES_RAW",
                                 "bootstrap = ", "label_fractions = 0.01, 1.0", "baselines.knn = false"));
}

TEST(ReportConfigurationTest, ElementsOfAChainHaveTheirIndex) {
  v1::AugmentationChain chain;
  chain.add_effects()->set_probability(0.8);
  chain.mutable_effects(0)->mutable_polarity_inversion();
  chain.add_effects()->mutable_gain()->set_min_db(-12);
  const json rows = ConfigurationRows(chain);
  EXPECT_EQ(rows[0][0], "effects[0].probability");
  EXPECT_EQ(rows[1][0], "effects[0].polarity_inversion");
  EXPECT_EQ(rows[2][0], "effects[1].gain.min_db");
  EXPECT_EQ(rows[2][1], "-12.0");
}

TEST(ReportDocumentTest, AProbeHasEachEvaluationInTheOrderOfItsTags) {
  const json probe = Document(WholeReport())["probe"];
  EXPECT_EQ(probe["tags"].size(), ReportTags().size());
  ASSERT_EQ(probe["evaluations"].size(), 4u);
  EXPECT_EQ(probe["evaluations"][0]["key"], "trained");
  EXPECT_EQ(probe["evaluations"][3]["key"], "knn");
  EXPECT_EQ(probe["evaluations"][1]["tags"].size(), ReportTags().size());
  EXPECT_DOUBLE_EQ(probe["evaluations"][0]["map"], 0.6192);
  EXPECT_EQ(probe["fractions"].size(), 7u);
  EXPECT_EQ(probe["map"]["points"].size(), 480u);
}

TEST(ReportDocumentTest, ScoresThatAreNoNumbersAreNull) {
  const json evaluation = Document(WholeReport())["probe"]["evaluations"][0];
  EXPECT_TRUE(evaluation["tags"][10]["ap"].is_null());
  EXPECT_TRUE(evaluation["tags"][10]["ap_interval"].is_null());
  EXPECT_TRUE(evaluation["validation_map"]["l2_normalized"].is_null());
}

TEST(ReportDocumentTest, ABaselinesTagIsFoundByItsName) {
  ReportParts parts = WholeReport();
  auto& untrained = *parts.job.mutable_linear_probe_result()->mutable_untrained();
  untrained.mutable_tags()->SwapElements(0, 1);
  untrained.mutable_tags()->RemoveLast();
  const json tags = Document(parts)["probe"]["evaluations"][1]["tags"];
  EXPECT_NEAR(tags[0]["ap"], untrained.tags(1).average_precision(), 1e-6);
  EXPECT_TRUE(tags.back().is_null());
}

TEST(ReportDocumentTest, WhatIsMissingHasNoKey) {
  ReportParts parts;
  parts.job = ProbeJob();
  auto& result = *parts.job.mutable_linear_probe_result();
  result.clear_untrained();
  result.clear_label_fractions();
  result.clear_map();
  result.clear_bootstrap();
  const json document = Document(parts);
  for (const char* key : {"training", "curves", "model_version"}) EXPECT_FALSE(document.contains(key)) << key;
  for (const char* key : {"fractions", "map", "bootstrap"})
    EXPECT_FALSE(document["probe"].contains(key)) << key;
  EXPECT_EQ(document["probe"]["evaluations"].size(), 3u);
}

TEST(ReportDocumentTest, ASeedKeepsAllItsDigits) {
  const json document = Document(WholeReport());
  EXPECT_EQ(document["model_version"]["seed"], "18446744073709551615");
  EXPECT_EQ(document["training"]["seed"], "18446744073709551615");
}

TEST(ReportDocumentTest, ChanceIsKnownForPlainNtXentAlone) {
  v1::TrainingConfig config;
  config.set_batch_tracks(48);
  EXPECT_NEAR(ChanceLoss(config).value(), std::log(95.0), 1e-12);
  config.mutable_objective()->mutable_nt_xent()->set_mask_same_track(true);
  EXPECT_FALSE(ChanceLoss(config).has_value());
  config.mutable_objective()->mutable_vicreg();
  EXPECT_FALSE(ChanceLoss(config).has_value());
}

TEST(ReportDocumentTest, BytesThatAreNoTextAreReplaced) {
  ReportParts parts = TrainingReport();
  parts.notes = {"caf\xe9"};
  EXPECT_THAT(DocumentText(Document(parts), false), HasSubstr("caf\xef\xbf\xbd"));
}

TEST(ReportPageTest, NoTextOfTheDocumentBecomesMarkup) {
  json document = Document(WholeReport());
  document["title"] = "</title><img src=x onerror=fault(1)>&";
  const std::string page = Page(document);
  EXPECT_THAT(page, HasSubstr("<title>&lt;/title&gt;&lt;img src=x onerror=fault(1)&gt;&amp; "));
  EXPECT_THAT(page, HasSubstr("\\u003c/script\\u003e\\u003cscript\\u003efault('injected')"));
  EXPECT_THAT(page, Not(HasSubstr("<script>fault('injected')")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
}

TEST(ReportPageTest, MarksOfTheTemplateInTheDataStayData) {
  json document = Document(TrainingReport());
  document["notes"] = {"{{chart_js}} {{script}}"};
  EXPECT_THAT(Page(document), HasSubstr("\"{{chart_js}} {{script}}\""));
}

TEST(ReportPageTest, NothingIsFetched) {
  const std::string page = Page(Document(WholeReport()));
  for (const char* reference : {" src=", " href=", "url(", "@import", "fetch(", "XMLHttpRequest"})
    EXPECT_THAT(page, Not(HasSubstr(reference))) << reference;
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("Permission is hereby granted"));
}

}  // namespace
}  // namespace timbre::report
