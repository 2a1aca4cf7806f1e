#include "core/train/trainer.h"

#include <torch/torch.h>

#include <limits>
#include <vector>

#include "core/base/atomic_file.h"
#include "tests/core/train/trainer_fixture.h"

namespace timbre::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;
using timbre::testing::TempDir;

TEST(TrainerTest, TheLossFallsOnAnEasyDataSet) {
  TempDir dir;
  Recorder recorder;
  TrainingConfig config = TinyConfig(12);
  config.architecture = "sample_cnn";
  config.batch_tracks = 4;
  config.dropout = 0;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto result, Train(config, OnCpu(), dir, recorder));
  EXPECT_EQ(result.steps, 12);
  ASSERT_EQ(recorder.steps.size(), 12U);
  EXPECT_EQ(result.first_loss, recorder.steps.front().loss);
  EXPECT_LT(recorder.steps.back().loss, result.first_loss - 0.1);
  EXPECT_THAT(recorder.snapshots, ElementsAre(12));
  const StepReport& last = recorder.steps.back();
  EXPECT_EQ(last.steps_total, 12);
  EXPECT_GT(last.gradient_norm, 0);
  EXPECT_GT(last.embedding_std, 0);
  EXPECT_LT(last.uniformity, 0);
  EXPECT_GT(last.windows_per_second, 0);
  EXPECT_EQ(last.eta_seconds, 0);
  EXPECT_GT(recorder.steps.front().eta_seconds, 0);
}

TEST(TrainerTest, TheSameSeedGivesTheSameWeightsAlsoWhenStoppedAndRestored) {
  const TrainingConfig config = TinyConfig(4);
  TempDir whole_dir, parts_dir;
  Recorder whole_recorder, first_recorder, second_recorder;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto whole, Train(config, OnCpu(), whole_dir, whole_recorder));

  base::CancelSource source;
  const auto stop_at_step_2 = [&](dataset::ViewBatch& batch) {
    torch::manual_seed(batch.step);  // others draw numbers in between
    torch::rand({5});
    if (batch.step == 2) source.Cancel(absl::CancelledError("the user asked"));
  };
  EXPECT_THAT(Train(config, OnCpu(), parts_dir, first_recorder, stop_at_step_2, source.token()),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("the user asked")));
  EXPECT_THAT(first_recorder.snapshots, ElementsAre(2));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto parts, Train(config, OnCpu(), parts_dir, second_recorder));
  EXPECT_THAT(second_recorder.resumed, ElementsAre(2));
  ASSERT_EQ(second_recorder.steps.size(), 2U);
  EXPECT_EQ(second_recorder.steps.front().step, 3);

  EXPECT_EQ(second_recorder.steps.back().loss, whole_recorder.steps.back().loss);
  EXPECT_EQ(parts.encoder, whole.encoder);
  EXPECT_EQ(parts.projector, whole.projector);
  EXPECT_EQ(parts.first_loss, whole.first_loss);
  EXPECT_EQ(parts.final_loss, whole.final_loss);
}

TEST(TrainerTest, AnotherSeedGivesOtherWeights) {
  TempDir first_dir, second_dir;
  Recorder recorder;
  TrainingConfig config = TinyConfig(1);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto first, Train(config, OnCpu(), first_dir, recorder));
  config.seed = 43;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto second, Train(config, OnCpu(), second_dir, recorder));
  EXPECT_NE(first.encoder, second.encoder);
}

TEST(TrainerTest, ALossThatIsNotFiniteAbortsAndKeepsTheLastGoodSnapshot) {
  TempDir dir;
  Recorder recorder;
  RuntimeConfig runtime = OnCpu();
  runtime.snapshot_interval_steps = 1;
  const auto poison = [](dataset::ViewBatch& batch) {
    if (batch.step == 1) batch.samples[5] = std::numeric_limits<float>::quiet_NaN();
  };
  EXPECT_THAT(Train(TinyConfig(3), runtime, dir, recorder, poison),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("step 2")));
  EXPECT_THAT(recorder.problems, ElementsAre(HealthProblem::kNotFinite));
  EXPECT_THAT(recorder.snapshots, ElementsAre(1));
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto restored, Trainer::Create(TinyConfig(3), runtime, dir.path()));
  EXPECT_EQ(restored->step(), 1);
}

TEST(TrainerTest, ASnapshotOfAnotherConfigOrADamagedOneIsDataLoss) {
  TempDir dir;
  Recorder recorder;
  const TrainingConfig config = TinyConfig(1);
  ASSERT_THAT(Train(config, OnCpu(), dir, recorder), IsOk());
  TrainingConfig other = config;
  other.objective = loss::NtXentConfig{.temperature = 0.4};
  EXPECT_THAT(Trainer::Create(other, OnCpu(), dir.path()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another training config")));

  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes, base::ReadFile(dir / "snapshot.pt"));
  std::string flipped = bytes;
  flipped[bytes.size() / 2] ^= 1;
  for (const std::string& damaged :
       {bytes.substr(0, bytes.size() / 2), flipped, std::string(), bytes + "x"}) {
    testing::WriteFile(dir / "snapshot.pt", damaged);
    EXPECT_THAT(Trainer::Create(config, OnCpu(), dir.path()),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("snapshot.pt")));
  }
}

TEST(TrainerTest, AFinishedTrainingIsGivenBackFromItsSnapshotWithoutAStep) {
  TempDir dir;
  Recorder recorder, again;
  const TrainingConfig config = TinyConfig(1);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto first, Train(config, OnCpu(), dir, recorder));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto second, Train(config, OnCpu(), dir, again));
  EXPECT_THAT(again.steps, IsEmpty());
  EXPECT_EQ(second.encoder, first.encoder);
  EXPECT_EQ(second.final_loss, first.final_loss);
}

TEST(TrainerTest, ReportsTheFirstTheLastAndEachIntervalsStep) {
  TempDir dir;
  Recorder recorder;
  RuntimeConfig runtime = OnCpu();
  runtime.report_interval_steps = 3;
  runtime.snapshot_interval_steps = 2;
  ASSERT_THAT(Train(TinyConfig(4), runtime, dir, recorder), IsOk());
  std::vector<int64_t> reported;
  for (const StepReport& report : recorder.steps) reported.push_back(report.step);
  EXPECT_THAT(reported, ElementsAre(1, 3, 4));
  EXPECT_THAT(recorder.snapshots, ElementsAre(2, 4));
}

TEST(TrainerTest, CancelledBeforeTheFirstStepItLeavesNoSnapshot) {
  TempDir dir;
  Recorder recorder;
  base::CancelSource source;
  source.Cancel(absl::DeadlineExceededError("late"));
  EXPECT_THAT(Train(TinyConfig(2), OnCpu(), dir, recorder, nullptr, source.token()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(recorder.snapshots, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(dir / "snapshot.pt"));
}

TEST(TrainerTest, ABatchThatDoesNotFitIsAnInternalError) {
  TempDir dir;
  Recorder recorder;
  EXPECT_THAT(Train(TinyConfig(2), OnCpu(), dir, recorder, [](dataset::ViewBatch& batch) { batch.step = 7; }),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("batch 7")));
  EXPECT_THAT(Train(TinyConfig(2), OnCpu(), dir, recorder,
                    [](dataset::ViewBatch& batch) { batch.samples.pop_back(); }),
              StatusIs(absl::StatusCode::kInternal));
}

TEST(TrainerTest, ABadConfigIsRefusedAndTheDescriptionNamesDeviceAndPrecision) {
  TempDir dir;
  EXPECT_THAT(Trainer::Create(TinyConfig(0), OnCpu(), dir.path()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      auto trainer, Trainer::Create(TinyConfig(1), {.device = "cpu", .precision = "fp32"}, dir.path()));
  EXPECT_EQ(trainer->description(), "cpu, fp32, timbre");
  EXPECT_EQ(trainer->step(), 0);
}

}  // namespace
}  // namespace timbre::train
