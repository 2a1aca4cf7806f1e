#include "client/cli/probe_options.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;

TEST(ProbeOptionsTest, WithoutOptionsTheServersDefaultsHold) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ProbeConfig config, MakeProbeConfig({}));
  EXPECT_EQ(config.ByteSizeLong(), 0U);
}

TEST(ProbeOptionsTest, OptionsGoOnTopOfTheFile) {
  const timbre::testing::TempDir dir;
  std::ofstream(dir / "probe.textproto") << "seed: 7 max_epochs: 9 mlp { dropout: 0.25 } label_fractions: 1";
  ProbeOptions options{.config_path = (dir / "probe.textproto").string(),
                       .hidden_units = 64,
                       .optimizer = "lbfgs",
                       .features = "l2",
                       .label_fractions = {0.1, 0.5},
                       .max_epochs = 20};
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ProbeConfig config, MakeProbeConfig(options));
  EXPECT_EQ(config.seed(), 7U);
  EXPECT_EQ(config.max_epochs(), 20);
  EXPECT_EQ(config.mlp().hidden_unit_count(), 64);
  EXPECT_EQ(config.mlp().dropout(), 0.25);
  EXPECT_EQ(config.optimizer(), v1::PROBE_OPTIMIZER_LBFGS);
  EXPECT_EQ(config.features(), v1::PROBE_FEATURES_L2_NORMALIZED);
  EXPECT_THAT(config.label_fractions(), ElementsAre(0.1, 0.5));
  options.head = "linear";
  options.hidden_units.reset();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ProbeConfig linear, MakeProbeConfig(options));
  EXPECT_TRUE(linear.has_linear());
}

TEST(ProbeOptionsTest, WhatIsWrongIsSaidBeforeTheServerIsAsked) {
  const timbre::testing::TempDir dir;
  std::ofstream(dir / "bad.textproto") << "seed: 7\nsteps: 3";
  EXPECT_THAT(MakeProbeConfig({.config_path = (dir / "bad.textproto").string()}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("bad.textproto:2:6"), HasSubstr("ProbeConfig"))));
  EXPECT_THAT(MakeProbeConfig({.config_path = (dir / "none").string()}),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(MakeProbeConfig({.head = "linear", .dropout = 0.1}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--head mlp")));
}

}  // namespace
}  // namespace timbre::cli
