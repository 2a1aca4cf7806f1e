// One training by each engine.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/core/train/trainer_fixture.h"

namespace timbre::train {
namespace {

using timbre::testing::IsOk;
using timbre::testing::StatusIs;
using timbre::testing::TempDir;

RuntimeConfig By(const char* engine) {
  RuntimeConfig runtime = OnCpu();
  runtime.precision = "fp32";
  runtime.train_engine = engine;
  return runtime;
}

TrainingConfig Config() {
  TrainingConfig config = TinyConfig(4);
  config.batch_tracks = 8;
  config.dropout = 0;
  config.optimizer.kind = OptimizerKind::kSgd;
  // Small steps, in which what rounding began does not grow.
  config.optimizer.learning_rate = 1e-2;
  config.optimizer.gradient_clip_norm = 0.1;
  return config;
}

TEST(EnginesTest, EachMakesTheSameOfATrainingWithoutDropout) {
  for (const bool byol : {false, true}) {
    TrainingConfig config = Config();
    if (byol) config.objective = loss::ByolConfig{};
    TempDir torch_dir, timbre_dir;
    Recorder torch, timbre;
    ASSERT_THAT(Train(config, By("torch"), torch_dir, torch), IsOk());
    ASSERT_THAT(Train(config, By("timbre"), timbre_dir, timbre), IsOk());
    ASSERT_EQ(torch.steps.size(), timbre.steps.size());
    for (size_t i = 0; i < torch.steps.size(); ++i) {
      EXPECT_NEAR(timbre.steps[i].loss, torch.steps[i].loss, 1e-3 * std::abs(torch.steps[i].loss)) << i;
      EXPECT_NEAR(timbre.steps[i].gradient_norm, torch.steps[i].gradient_norm,
                  2e-2 * torch.steps[i].gradient_norm)
          << i;
    }
  }
}

// In larger steps what rounding began grows, in either engine: how far the two come apart is compared with
// how far two trainings by LibTorch do whose learning rates differ in the last digits of an fp32 number.
TEST(EnginesTest, InLargeStepsTheyComeApartAsRoundingDoes) {
  TrainingConfig config = Config();
  config.steps = 6;
  config.objective = loss::ByolConfig{};
  config.optimizer.gradient_clip_norm = 0;
  config.optimizer.learning_rate = 0.05;
  const auto losses = [](const TrainingConfig& training, const char* engine) {
    TempDir dir;
    Recorder recorder;
    EXPECT_THAT(Train(training, By(engine), dir, recorder), IsOk());
    std::vector<double> all;
    for (const auto& step : recorder.steps) all.push_back(step.loss);
    return all;
  };
  const std::vector<double> torch = losses(config, "torch");
  const std::vector<double> timbre = losses(config, "timbre");
  double engines = 0, rounding = 0;
  for (const double factor : {1 + 3e-6, 1 - 3e-6}) {
    TrainingConfig other = config;
    other.optimizer.learning_rate *= factor;
    const std::vector<double> apart = losses(other, "torch");
    for (size_t i = 0; i < torch.size(); ++i) rounding = std::max(rounding, std::abs(apart[i] - torch[i]));
  }
  for (size_t i = 0; i < torch.size(); ++i) {
    engines = std::max(engines, std::abs(timbre[i] - torch[i]));
  }
  EXPECT_GT(rounding, 1e-4);  // else the steps are not large
  EXPECT_LE(engines, 8 * rounding);
}

TEST(EnginesTest, EachGoesOnBitForBitFromASnapshotWithDropout) {
  TrainingConfig config = TinyConfig(5);  // its dropout is 0.5
  for (const char* engine : {"torch", "timbre"}) {
    TempDir dir;
    Recorder whole_recorder, recorder;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto whole, Train(config, By(engine), dir, whole_recorder));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto parts, TrainInTwoParts(config, 2, recorder, By(engine)));
    EXPECT_EQ(recorder.resumed.size(), 1U) << engine;
    EXPECT_EQ(parts.encoder, whole.encoder) << engine;
    EXPECT_EQ(parts.projector, whole.projector) << engine;
  }
}

TEST(EnginesTest, ASnapshotOfOneIsGoneOnWithByTheOther) {
  TrainingConfig config = Config();
  TempDir dir;
  Recorder whole, first, second;
  {
    TempDir other;
    ASSERT_THAT(Train(config, By("torch"), other, whole), IsOk());
  }
  base::CancelSource source;
  const auto stop = [&](dataset::ViewBatch& batch) {
    if (batch.step == 2) source.Cancel(absl::CancelledError("the user asked"));
  };
  ASSERT_THAT(Train(config, By("torch"), dir, first, stop, source.token()),
              StatusIs(absl::StatusCode::kCancelled));
  ASSERT_THAT(Train(config, By("timbre"), dir, second), IsOk());
  EXPECT_THAT(second.resumed, ::testing::ElementsAre(2));
  EXPECT_NEAR(second.steps.back().loss, whole.steps.back().loss, 1e-3 * std::abs(whole.steps.back().loss));
}

TEST(EnginesTest, TheDescriptionNamesTheEngine) {
  for (const char* engine : {"torch", "timbre"}) {
    TempDir dir;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto trainer, Trainer::Create(Config(), By(engine), dir.path()));
    EXPECT_THAT(trainer->description(), ::testing::EndsWith(engine));
  }
}

}  // namespace
}  // namespace timbre::train
