#include "core/train/trainer.h"

#include <torch/torch.h>

#include <limits>
#include <vector>

#include "core/base/atomic_file.h"
#include "tests/fakes/fake_view_loader.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using timbre::fakes::FakeViewLoader;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;
using timbre::testing::TempDir;

constexpr int64_t kWindow = 59049;

TrainingConfig SmallConfig(int64_t steps) {
  TrainingConfig config;
  config.batch_tracks = 2;
  config.learning_rate = 1e-3;
  config.steps = steps;
  return config;
}

RuntimeConfig OnCpu() { return {.device = "cpu", .precision = "auto", .snapshot_interval_steps = 1000}; }

struct Recorder final : Observer {
  void OnStep(const StepReport& report) override { steps.push_back(report); }
  void OnHealth(const HealthEvent& event) override { problems.push_back(event.problem); }
  void OnSnapshot(int64_t step, double) override { snapshots.push_back(step); }
  void OnResumed(int64_t step) override { resumed.push_back(step); }

  std::vector<StepReport> steps;
  std::vector<HealthProblem> problems;
  std::vector<int64_t> snapshots, resumed;
};

// Creates a trainer and runs it on the fake's batches, from where it stands.
absl::StatusOr<TrainingResult> Train(const TrainingConfig& config, const RuntimeConfig& runtime,
                                     const TempDir& dir, Recorder& recorder,
                                     std::function<void(dataset::ViewBatch&)> on_batch = nullptr,
                                     const base::CancelToken& cancel = {}) {
  auto trainer = Trainer::Create(config, runtime, dir.path());
  if (!trainer.ok()) return trainer.status();
  FakeViewLoader loader(config.batch_tracks, kWindow, (*trainer)->step());
  loader.set_on_batch(std::move(on_batch));
  return (*trainer)->Run(loader, recorder, cancel);
}

TEST(TrainerTest, TheLossFallsOnAnEasyDataSet) {
  TempDir dir;
  Recorder recorder;
  TrainingConfig config = SmallConfig(12);
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
  const TrainingConfig config = SmallConfig(4);
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
  TrainingConfig config = SmallConfig(1);
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
  EXPECT_THAT(Train(SmallConfig(3), runtime, dir, recorder, poison),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("step 2")));
  EXPECT_THAT(recorder.problems, ElementsAre(HealthProblem::kNotFinite));
  EXPECT_THAT(recorder.snapshots, ElementsAre(1));
  TIMBRE_ASSERT_OK_AND_ASSIGN(auto restored, Trainer::Create(SmallConfig(3), runtime, dir.path()));
  EXPECT_EQ(restored->step(), 1);
}

TEST(TrainerTest, ASnapshotOfAnotherConfigOrADamagedOneIsDataLoss) {
  TempDir dir;
  Recorder recorder;
  const TrainingConfig config = SmallConfig(1);
  ASSERT_THAT(Train(config, OnCpu(), dir, recorder), IsOk());
  TrainingConfig other = config;
  other.objective = loss::NtXentConfig{.temperature = 0.4};
  EXPECT_THAT(Trainer::Create(other, OnCpu(), dir.path()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another training config")));

  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes, base::ReadFile(dir / "snapshot.pt"));
  testing::WriteFile(dir / "snapshot.pt", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(Trainer::Create(config, OnCpu(), dir.path()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("snapshot.pt")));
}

TEST(TrainerTest, AFinishedTrainingIsGivenBackFromItsSnapshotWithoutAStep) {
  TempDir dir;
  Recorder recorder, again;
  const TrainingConfig config = SmallConfig(1);
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
  ASSERT_THAT(Train(SmallConfig(4), runtime, dir, recorder), IsOk());
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
  EXPECT_THAT(Train(SmallConfig(2), OnCpu(), dir, recorder, nullptr, source.token()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(recorder.snapshots, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(dir / "snapshot.pt"));
}

TEST(TrainerTest, ABatchThatDoesNotFitIsAnInternalError) {
  TempDir dir;
  Recorder recorder;
  EXPECT_THAT(
      Train(SmallConfig(2), OnCpu(), dir, recorder, [](dataset::ViewBatch& batch) { batch.step = 7; }),
      StatusIs(absl::StatusCode::kInternal, HasSubstr("step 7")));
  EXPECT_THAT(Train(SmallConfig(2), OnCpu(), dir, recorder,
                    [](dataset::ViewBatch& batch) { batch.samples.pop_back(); }),
              StatusIs(absl::StatusCode::kInternal));
}

TEST(TrainerTest, ABadConfigIsRefusedAndTheDescriptionNamesDeviceAndPrecision) {
  TempDir dir;
  EXPECT_THAT(Trainer::Create(SmallConfig(0), OnCpu(), dir.path()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      auto trainer, Trainer::Create(SmallConfig(1), {.device = "cpu", .precision = "fp32"}, dir.path()));
  EXPECT_EQ(trainer->description(), "cpu, fp32");
  EXPECT_EQ(trainer->step(), 0);
}

}  // namespace
}  // namespace timbre::train
