// What the options of a training do to the weights, and that each goes on bit for bit from a snapshot.
#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "tests/core/train/trainer_fixture.h"

namespace timbre::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;
using timbre::testing::TempDir;

std::vector<std::pair<std::string, TrainingConfig>> Variants() {
  std::vector<std::pair<std::string, TrainingConfig>> variants;
  const auto add = [&](const std::string& name, const auto& change) {
    TrainingConfig config = TinyConfig(5);
    change(config);
    variants.emplace_back(name, config);
  };
  add("adam", [](auto&) {});
  add("adamw", [](auto& c) {
    c.optimizer.kind = OptimizerKind::kAdamW;
    c.optimizer.weight_decay = 0.1;
  });
  add("sgd", [](auto& c) {
    c.optimizer.kind = OptimizerKind::kSgd;
    c.optimizer.nesterov = true;
  });
  add("lars with a warm-up and a cosine", [](auto& c) {
    c.optimizer.kind = OptimizerKind::kLars;
    c.optimizer.learning_rate = 0.5;
    c.optimizer.schedule = {.kind = ScheduleKind::kCosine, .warmup_steps = 2, .final_ratio = 0.1};
  });
  add("clipping", [](auto& c) { c.optimizer.gradient_clip_norm = 0.1; });
  add("accumulation", [](auto& c) { c.optimizer.accumulation_steps = 3; });
  add("moving average", [](auto& c) { c.ema_decay = 0.9; });
  add("kaiming", [](auto& c) { c.initialization = model::Initialization::kKaiming; });
  add("projector", [](auto& c) {
    c.projector_layers = 3;
    c.projector_bias = true;
    c.projector_batch_norm = true;
  });
  add("a target branch and a predictor",
      [](auto& c) { c.objective = loss::ByolConfig{.predictor_hidden_dim = 32}; });
  add("three views", [](auto& c) {
    c.objective = loss::PolyViewConfig();
    c.views = 3;
  });
  for (const loss::ObjectiveConfig& objective : std::vector<loss::ObjectiveConfig>{
           loss::DclConfig{}, loss::DclwConfig{}, loss::VicRegConfig{}, loss::BarlowTwinsConfig{},
           loss::SimSiamConfig{}, loss::AlignUniformConfig{}, loss::MseConfig{}}) {
    add(std::string(loss::ObjectiveName(objective)), [&](auto& c) { c.objective = objective; });
  }
  return variants;
}

TEST(LearningTest, EachOptionGoesOnBitForBitFromASnapshotAndMakesItsOwnWeights) {
  std::set<std::string> seen;
  for (const auto& [name, config] : Variants()) {
    TempDir dir;
    Recorder whole_recorder, recorder;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto whole, Train(config, OnCpu(), dir, whole_recorder));
    const int64_t third_steps_batch = 2 * config.optimizer.accumulation_steps + 1;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto parts, TrainInTwoParts(config, third_steps_batch, recorder));
    EXPECT_EQ(recorder.resumed.size(), 1U) << name;
    EXPECT_EQ(parts.encoder, whole.encoder) << name;
    EXPECT_EQ(parts.projector, whole.projector) << name;
    EXPECT_EQ(recorder.steps.back().loss, whole_recorder.steps.back().loss) << name;
    EXPECT_TRUE(seen.insert(weights::DigestTensors(whole.encoder)).second) << name;
  }
}

TEST(LearningTest, TheReportedRateFollowsTheSchedule) {
  TempDir dir;
  Recorder recorder;
  TrainingConfig config = TinyConfig(4);
  config.optimizer.schedule = {.kind = ScheduleKind::kCosine, .warmup_steps = 2};
  ASSERT_THAT(Train(config, OnCpu(), dir, recorder), IsOk());
  std::vector<double> rates;
  for (const StepReport& report : recorder.steps) rates.push_back(report.learning_rate / 1e-3);
  using ::testing::DoubleNear;
  EXPECT_THAT(rates, ElementsAre(DoubleNear(0.5, 1e-9), DoubleNear(1, 1e-9), DoubleNear(1, 1e-9),
                                 DoubleNear(0.5, 1e-9)));
}

TEST(LearningTest, AccumulatedBatchesThatAreAlikeGiveTheGradientOfOne) {
  TempDir once_dir, twice_dir;
  Recorder once_recorder, twice_recorder;
  TrainingConfig config = TinyConfig(1);
  config.dropout = 0;
  config.optimizer.kind = OptimizerKind::kSgd;
  dataset::ViewBatch first;
  const auto keep = [&](dataset::ViewBatch& batch) {
    if (batch.step == 0) first = batch;
    batch.samples = first.samples;
  };
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto once, Train(config, OnCpu(), once_dir, once_recorder, keep));
  config.optimizer.accumulation_steps = 2;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto twice, Train(config, OnCpu(), twice_dir, twice_recorder, keep));
  EXPECT_NEAR(twice_recorder.steps[0].loss, once_recorder.steps[0].loss, 1e-6);
  EXPECT_NEAR(twice_recorder.steps[0].gradient_norm, once_recorder.steps[0].gradient_norm, 1e-5);
  for (const auto& [name, tensor] : once.projector) {
    for (size_t i = 0; i < tensor.values.size(); ++i) {
      ASSERT_NEAR(twice.projector.at(name).values[i], tensor.values[i], 1e-6) << name;
    }
  }
}

TEST(LearningTest, TheMovingAverageLagsBehindTheWeights) {
  TempDir plain_dir, average_dir, start_dir;
  Recorder recorder;
  TrainingConfig config = TinyConfig(3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto plain, Train(config, OnCpu(), plain_dir, recorder));
  config.ema_decay = 0.999;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto slow, Train(config, OnCpu(), average_dir, recorder));
  config = TinyConfig(1);
  config.optimizer.learning_rate = 1e-12;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto start, Train(config, OnCpu(), start_dir, recorder));
  const auto distance = [&](const TrainingResult& result) {
    double sum = 0;
    const auto& from = start.encoder.at("conv2.0.weight").values;
    const auto& to = result.encoder.at("conv2.0.weight").values;
    for (size_t i = 0; i < from.size(); ++i) sum += std::pow(to[i] - from[i], 2);
    return std::sqrt(sum);
  };
  EXPECT_GT(distance(slow), 0);
  EXPECT_LT(distance(slow), 0.01 * distance(plain));
}

TEST(LearningTest, TheObjectivesFiguresAreReported) {
  TempDir dir;
  Recorder recorder;
  ASSERT_THAT(Train(TinyConfig(1), OnCpu(), dir, recorder), IsOk());
  EXPECT_TRUE(recorder.steps[0].diagnostics.contains("positive_similarity"));
  EXPECT_LE(recorder.steps[0].diagnostics.at("positive_similarity"), 1);
}

TEST(LearningTest, AProblemThatShallStopItEndsItAfterTheGraceWithASnapshot) {
  const auto all_alike = [](dataset::ViewBatch& batch) {
    std::fill(batch.samples.begin(), batch.samples.end(), 0.1F);
  };
  TrainingConfig config = TinyConfig(60);
  config.dropout = 0;
  RuntimeConfig runtime = OnCpu();
  runtime.stop_on_health = {HealthProblem::kCollapse};
  runtime.health_grace_steps = 25;
  TempDir dir;
  Recorder recorder;
  EXPECT_THAT(
      Train(config, runtime, dir, recorder, all_alike),
      StatusIs(absl::StatusCode::kAborted, ::testing::AllOf(HasSubstr("step 25"), HasSubstr("collapse"))));
  EXPECT_THAT(recorder.problems, ElementsAre(HealthProblem::kCollapse));
  EXPECT_THAT(recorder.snapshots, ElementsAre(25));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto restored, Trainer::Create(config, runtime, dir.path()));
  EXPECT_EQ(restored->step(), 25);

  TempDir unasked_dir;
  config.steps = 30;
  EXPECT_THAT(Train(config, OnCpu(), unasked_dir, recorder, all_alike), IsOk());
}

}  // namespace
}  // namespace timbre::train
