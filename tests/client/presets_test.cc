#include "client/cli/presets.h"

#include "client/cli/preset_batch.h"
#include "client/cli/training_options.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;
using ::timbre::testing::WriteFile;

TEST(PresetsTest, BothRecipesAreCarried) { EXPECT_THAT(PresetNames(), ElementsAre("clmr", "tutorial")); }

TEST(PresetsTest, TheTutorialHasItsNumbers) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::TrainingConfig config, MakeTrainingConfig({.preset = "tutorial"}));
  EXPECT_EQ(config.batch_tracks(), 96);
  EXPECT_DOUBLE_EQ(config.encoder().dropout(), 0.5);
  EXPECT_DOUBLE_EQ(config.optimizer().learning_rate(), 1e-4);
  std::vector<double> probabilities;
  for (const auto& effect : config.augmentation().effects()) probabilities.push_back(effect.probability());
  EXPECT_THAT(probabilities, ElementsAre(0.8, 0.3, 0.2, 1, 0.5, 0.3));
  EXPECT_TRUE(config.augmentation().effects(3).has_high_low_pass());
}

TEST(PresetsTest, ClmrHasNoDropoutAndItsOwnRate) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::TrainingConfig config, MakeTrainingConfig({.preset = "clmr"}));
  EXPECT_EQ(config.batch_tracks(), 48);
  EXPECT_TRUE(config.encoder().has_dropout());
  EXPECT_DOUBLE_EQ(config.encoder().dropout(), 0);
  EXPECT_DOUBLE_EQ(config.optimizer().learning_rate(), 3e-4);
  ASSERT_EQ(config.augmentation().effects_size(), 7);
  EXPECT_EQ(config.augmentation().effects(5).pitch_shift().max_cents(), 700);
}

TEST(PresetsTest, ABatchThatIsTooLargeForTheDataSetIsLoweredAndSaid) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(v1::TrainingConfig config, MakeTrainingConfig({.preset = "tutorial"}));
  v1::Dataset dataset;
  dataset.set_name("datasets/songs");
  dataset.set_track_count(100);
  EXPECT_EQ(FitBatch(dataset, config), "");
  EXPECT_EQ(config.batch_tracks(), 96);
  dataset.set_track_count(7);
  dataset.set_clip_count(50);
  EXPECT_THAT(FitBatch(dataset, config), AllOf(HasSubstr("7 tracks"), HasSubstr("96")));
  EXPECT_EQ(config.batch_tracks(), 7);
  config.set_batch_unit(v1::BATCH_UNIT_CLIP);
  config.set_batch_tracks(96);
  EXPECT_THAT(FitBatch(dataset, config), HasSubstr("50 clips"));
  dataset.set_clip_count(1);
  EXPECT_EQ(FitBatch(dataset, config), "");
  EXPECT_EQ(config.batch_tracks(), 50);
}

TEST(TrainingOptionsTest, OptionsGoOverThePreset) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::TrainingConfig config,
                              MakeTrainingConfig({.preset = "tutorial", .steps = 7, .temperature = 0.1}));
  EXPECT_EQ(config.steps(), 7);
  EXPECT_DOUBLE_EQ(config.objective().nt_xent().temperature(), 0.1);
  EXPECT_EQ(config.batch_tracks(), 96);
}

TEST(TrainingOptionsTest, TheTemperatureGoesToWhicheverObjectiveThereIs) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(v1::TrainingConfig config,
                              MakeTrainingConfig({.objective = "dcl", .temperature = 0.2}));
  EXPECT_DOUBLE_EQ(config.objective().dcl().temperature(), 0.2);
  TempDir folder;
  WriteFile(folder / "c.textproto", "objective { poly_view { mask_same_track: true } }");
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      config, MakeTrainingConfig({.config_path = folder / "c.textproto", .temperature = 0.2}));
  EXPECT_DOUBLE_EQ(config.objective().poly_view().temperature(), 0.2);
  EXPECT_TRUE(config.objective().poly_view().mask_same_track());
  EXPECT_THAT(MakeTrainingConfig({.objective = "mse", .temperature = 0.2}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("mse has no temperature")));
  EXPECT_THAT(MakeTrainingConfig({.objective = "nonsense"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("poly_view, mse")));
}

TEST(TrainingOptionsTest, WhatIsNotSaidIsLeftToTheServer) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::TrainingConfig config, MakeTrainingConfig({}));
  EXPECT_EQ(config.ByteSizeLong(), 0u);
  EXPECT_EQ(MakeRuntimeConfig({}).ByteSizeLong(), 0u);
  EXPECT_EQ(MakeRuntimeConfig({.precision = "bf16"}).precision(), v1::PRECISION_BF16);
  EXPECT_EQ(MakeRuntimeConfig({.train_engine = "torch"}).train_engine(), v1::TRAIN_ENGINE_TORCH);
  const v1::RuntimeConfig health =
      MakeRuntimeConfig({.stop_on_health = {"collapse", "starving"}, .health_grace_steps = 9});
  EXPECT_THAT(health.stop_on_health(), ElementsAre(v1::HEALTH_PROBLEM_COLLAPSE, v1::HEALTH_PROBLEM_STARVING));
  EXPECT_EQ(health.health_grace_steps(), 9);
}

TEST(TrainingOptionsTest, AnErrorInAFileHasItsPlace) {
  TempDir folder;
  WriteFile(folder / "c.textproto", "steps: 3\nbatchtracks: 4\n");
  EXPECT_THAT(MakeTrainingConfig({.config_path = folder / "c.textproto"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("c.textproto:2:1")));
  EXPECT_THAT(MakeTrainingConfig({.config_path = "/no/such/file"}), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace timbre::cli
