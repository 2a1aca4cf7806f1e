#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "server/convert/probe_config_convert.h"
#include "server/convert/probe_result_convert.h"
#include "tests/support/matchers.h"

namespace timbre::convert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

v1::ProbeConfig Parse(const std::string& text) {
  v1::ProbeConfig proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
  return proto;
}

absl::Status Check(const std::string& text) {
  FieldErrors errors;
  ProbeConfigFromProto(Parse(text), "config", errors);
  return errors.ToStatus();
}

TEST(ProbeConvertTest, AnEmptyConfigHasTheDefaultsAndCoreTakesThem) {
  FieldErrors errors;
  const probe::ProbeConfig config = ProbeConfigFromProto({}, "config", errors);
  EXPECT_THAT(errors.ToStatus(), IsOk());
  EXPECT_THAT(probe::ValidateProbeConfig(config), IsOk());
  EXPECT_FALSE(config.mlp.has_value());
  EXPECT_EQ(config.l2_strength, 0);
  EXPECT_EQ(config.bootstrap.resamples, 1000);
  EXPECT_TRUE(config.baselines.untrained && config.baselines.log_mel && config.baselines.knn);
  EXPECT_EQ(ProbeConfigFromProto(Parse("optimizer: PROBE_OPTIMIZER_LBFGS"), "c", errors).l2_strength, 1e-3);
  EXPECT_EQ(ProbeConfigFromProto(Parse("mlp {}"), "c", errors).mlp->hidden_units, 512);
}

TEST(ProbeConvertTest, WhatIsWrittenIsReadBackTheSame) {
  const char* texts[] = {
      "",
      "mlp { hidden_unit_count: 64 dropout: 0.25 } features: PROBE_FEATURES_L2_NORMALIZED seed: 7 "
      "learning_rate: 0.01 batch_size: 32 max_epochs: 9 patience_epochs: 3 validation_ratio: 0.3",
      "optimizer: PROBE_OPTIMIZER_LBFGS l2_strength: 0.5 label_fractions: 0.1 label_fractions: 1 "
      "features: PROBE_FEATURES_RAW bootstrap { resample_count: 50 confidence: 0.9 } map_point_limit: 10",
      "features: PROBE_FEATURES_STANDARDIZED baselines { untrained: false log_mel: false knn: false "
      "knn_neighbor_count: 3 }"};
  for (const char* text : texts) {
    FieldErrors errors;
    const v1::ProbeConfig written = ProbeConfigToProto(ProbeConfigFromProto(Parse(text), "c", errors));
    const v1::ProbeConfig again = ProbeConfigToProto(ProbeConfigFromProto(written, "c", errors));
    EXPECT_THAT(errors.ToStatus(), IsOk());
    EXPECT_EQ(again.SerializeAsString(), written.SerializeAsString()) << text;
    v1::ProbeConfig merged = written;  // every field that was set is still what it was
    merged.clear_label_fractions();
    merged.MergeFrom(Parse(text));
    EXPECT_EQ(merged.SerializeAsString(), written.SerializeAsString()) << text;
  }
}

TEST(ProbeConvertTest, EachValueOutsideItsRangeIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"learning_rate: 0", "config.learning_rate"},
      {"l2_strength: -1", "config.l2_strength: must be in [0, 1000], got -1"},
      {"l2_strength: nan", "config.l2_strength"},
      {"mlp { hidden_unit_count: 0 }", "config.mlp.hidden_unit_count: must be in [1, 8192], got 0"},
      {"mlp { dropout: 1 }", "config.mlp.dropout: must be in [0, 0.9], got 1"},
      {"mlp { dropout: 0.1 } optimizer: PROBE_OPTIMIZER_LBFGS", "config.mlp.dropout: must be 0 with L-BFGS"},
      {"bootstrap { resample_count: 10001 }", "config.bootstrap.resample_count"},
      {"bootstrap { confidence: 1 }", "config.bootstrap.confidence"},
      {"label_fractions: 1.5", "config.label_fractions: must be in (0, 1], got 1.5"},
      {"label_fractions: 0.5 label_fractions: 0.5", "config.label_fractions: has 0.5 twice"},
      {"baselines { knn_neighbor_count: 0 }", "config.baselines.knn_neighbor_count"},
      {"map_point_limit: -1", "config.map_point_limit"},
      {"optimizer: 99", "config.optimizer: is unknown"},
      {"features: 99", "config.features: is unknown"}};
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(Check(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message))) << text;
  }
}

// As large as they get: 200 tags, all baselines, 16 fractions, 5,000 points with long paths.
pipeline::ProbeFindings LargeFindings() {
  pipeline::ProbeFindings findings;
  probe::ProbeResult result;
  for (int tag = 0; tag < 200; ++tag) {
    findings.tags.push_back(absl::StrCat("a tag with a long name ", tag));
    result.tags.push_back({.tag = findings.tags.back(), .average_precision = 0.5, .counted = true});
    result.tags.back().average_precision_interval = {0.4, 0.6};
  }
  findings.trained = result;
  findings.untrained = findings.log_mel = findings.knn = result;
  for (int i = 1; i <= 16; ++i) findings.label_fractions.push_back({i / 16.0, i, result});
  findings.map.emplace();
  findings.map->test_clips = 5000;
  for (int i = 0; i < 5000; ++i) {
    findings.map->clips.push_back({std::string(200, 'x'), 1, 2, std::vector<uint8_t>(200, 1)});
  }
  return findings;
}

TEST(ProbeConvertTest, ALargeResultStaysBelowOneMegabyteByACutMap) {
  const v1::LinearProbeResult proto = FindingsToProto(LargeFindings());
  EXPECT_LT(proto.ByteSizeLong(), 1'000'000U);
  EXPECT_GT(proto.map().points_size(), 500);
  EXPECT_LT(proto.map().points_size(), 5000);
  EXPECT_EQ(proto.map().clip_count(), 5000);
  EXPECT_EQ(proto.trained().tags_size(), 200);
  EXPECT_EQ(proto.label_fractions_size(), 16);
  EXPECT_EQ(proto.label_fractions(3).evaluation().tags_size(), 0);
}

TEST(ProbeConvertTest, FindingsKeepTheirNumbersAndWhatIsNotDefinedIsUnset) {
  pipeline::ProbeFindings findings;
  findings.tags = {"rock", "jazz"};
  findings.trained.features = probe::Features::kL2Normalized;
  findings.trained.validation_map.l2_normalized = 0.25;
  findings.trained.mean_roc_auc_interval = {0.125, 0.75};
  findings.trained.tags.push_back({.tag = "rock", .prevalence = 0.5, .threshold = 0.25F, .f1 = 0.75});
  findings.map = pipeline::ClipMap{{0.5, 0.25}, {{"a.wav", 1, 2, {0, 1}}}, 9};
  const v1::LinearProbeResult proto = FindingsToProto(findings);
  EXPECT_FALSE(proto.has_untrained() || proto.has_log_mel() || proto.has_knn());
  EXPECT_EQ(proto.trained().features(), "l2_normalized");
  EXPECT_EQ(proto.trained().validation_map_l2_normalized(), 0.25);
  EXPECT_TRUE(std::isnan(proto.trained().validation_map_raw()));
  EXPECT_FALSE(proto.trained().has_mean_average_precision_interval());
  EXPECT_EQ(proto.trained().mean_roc_auc_interval().high(), 0.75);
  EXPECT_EQ(proto.trained().tags(0).threshold(), 0.25);
  EXPECT_EQ(proto.trained().tags(0).f1(), 0.75);
  EXPECT_THAT(proto.map().tags(), ElementsAre("rock", "jazz"));
  EXPECT_THAT(proto.map().explained_variance_ratios(), ElementsAre(0.5, 0.25));
  EXPECT_THAT(proto.map().points(0).tag_indices(), ElementsAre(1));
  EXPECT_EQ(proto.map().points(0).path(), "a.wav");
}

}  // namespace
}  // namespace timbre::convert
