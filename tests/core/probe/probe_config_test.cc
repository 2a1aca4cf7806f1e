#include "core/probe/probe_config.h"

#include <gmock/gmock.h>

#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

auto Refused(const char* field) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)); }

TEST(ProbeConfigTest, TheDefaultsAreGood) { EXPECT_THAT(ValidateProbeConfig({}), IsOk()); }

TEST(ProbeConfigTest, WhatIsOutOfRangeIsNamed) {
  EXPECT_THAT(ValidateProbeConfig({.learning_rate = 0}), Refused("learning_rate"));
  EXPECT_THAT(ValidateProbeConfig({.batch_size = 0}), Refused("batch_size"));
  EXPECT_THAT(ValidateProbeConfig({.validation_ratio = 1}), Refused("validation_ratio"));
  EXPECT_THAT(ValidateProbeConfig({.mlp = MlpConfig{.hidden_units = 0}}), Refused("hidden_unit_count"));
  EXPECT_THAT(ValidateProbeConfig({.mlp = MlpConfig{.dropout = 0.95}}), Refused("dropout"));
  EXPECT_THAT(ValidateProbeConfig({.l2_strength = -1}), Refused("l2_strength"));
  EXPECT_THAT(ValidateProbeConfig({.bootstrap = {.resamples = -1}}), Refused("resample_count"));
  EXPECT_THAT(ValidateProbeConfig({.bootstrap = {.confidence = 1}}), Refused("confidence"));
  EXPECT_THAT(ValidateProbeConfig({.label_fractions = {0.5, 0}}), Refused("label_fractions"));
  EXPECT_THAT(ValidateProbeConfig({.label_fractions = {0.5, 0.5}}), Refused("once"));
  EXPECT_THAT(ValidateProbeConfig({.baselines = {.knn_neighbors = 0}}), Refused("knn_neighbor_count"));
  EXPECT_THAT(ValidateProbeConfig({.map_points = 5001}), Refused("map_point_limit"));
}

TEST(ProbeConfigTest, LbfgsCannotFitWithDropout) {
  ProbeConfig config{.mlp = MlpConfig{.dropout = 0.2}};
  EXPECT_THAT(ValidateProbeConfig(config), IsOk());
  config.optimizer = Optimizer::kLbfgs;
  EXPECT_THAT(ValidateProbeConfig(config), Refused("use Adam"));
}

}  // namespace
}  // namespace timbre::probe
