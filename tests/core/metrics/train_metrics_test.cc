#include <cmath>
#include <limits>

#include "tests/core/metrics/metrics_text.h"
#include "tests/fakes/fake_clock.h"

namespace timbre::metrics {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

train::StepReport Report(int64_t step) {
  train::StepReport report;
  report.step = step;
  report.steps_total = 1000;
  report.windows = 64;
  report.loss = 3.25;
  report.learning_rate = 0.0003;
  report.windows_per_second = 120;
  report.data_wait_ratio = 0.125;
  report.eta_seconds = 90;
  return report;
}

TEST(TrainMetricsTest, CountersStandAtZeroAndFiguresAreAbsentBeforeTheFirstStep) {
  const std::string text = MakeExporter()->Text();
  for (const char* series : {"timbre_train_steps_total", "timbre_train_step_seconds_count",
                             "timbre_train_snapshots_total", "timbre_train_resumes_total"}) {
    EXPECT_THAT(Value(text, series), Optional(0)) << series;
  }
  for (const char* problem : {"loss_at_chance", "collapse", "not_finite", "starving"}) {
    EXPECT_THAT(Value(text, std::string("timbre_train_health_problems_total{problem=\"") + problem + "\"}"),
                Optional(0));
  }
  for (const char* series : {"timbre_train_loss", "timbre_train_windows_per_second",
                             "timbre_train_last_snapshot_timestamp_seconds"}) {
    EXPECT_EQ(Value(text, series), std::nullopt) << series;
  }
}

TEST(TrainMetricsTest, AStepTellsItsFigures) {
  fakes::FakeClock clock(absl::FromUnixSeconds(1'700'000'000));
  const auto exporter = MakeExporter(clock);
  exporter->training().OnStep(Report(1));
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "timbre_train_steps_total"), Optional(1));
  EXPECT_THAT(Value(text, "timbre_train_step"), Optional(1));
  EXPECT_THAT(Value(text, "timbre_train_last_step_timestamp_seconds"),
              Optional(DoubleNear(1'700'000'000, 1e-3)));
  EXPECT_THAT(Value(text, "timbre_train_loss"), Optional(3.25));
  EXPECT_THAT(Value(text, "timbre_train_learning_rate"), Optional(DoubleNear(0.0003, 1e-12)));
  EXPECT_THAT(Value(text, "timbre_train_windows_per_second"), Optional(120));
  EXPECT_THAT(Value(text, "timbre_train_data_wait_ratio"), Optional(0.125));
  EXPECT_THAT(Value(text, "timbre_train_eta_seconds"), Optional(90));
}

TEST(TrainMetricsTest, AnObjectivesFiguresHaveSeriesByNameButNotWithoutEnd) {
  const auto exporter = MakeExporter();
  train::StepReport report = Report(1);
  report.diagnostics["accuracy"] = 0.5;
  exporter->training().OnStep(report);
  EXPECT_THAT(Value(exporter->Text(), "timbre_train_diagnostic{name=\"accuracy\"}"), Optional(0.5));
  for (int i = 0; i < 100; ++i) report.diagnostics["name" + std::to_string(i)] = i;
  exporter->training().OnStep(report);
  const std::string text = exporter->Text();
  size_t series = 0;
  for (size_t at = text.find("timbre_train_diagnostic{"); at != std::string::npos;
       at = text.find("timbre_train_diagnostic{", at + 1)) {
    ++series;
  }
  EXPECT_EQ(series, 32U);
}

TEST(TrainMetricsTest, StepsBetweenReportsAreCountedAndShareTheirTime) {
  fakes::FakeClock clock;
  const auto exporter = MakeExporter(clock);
  exporter->training().OnStep(Report(1));
  clock.Advance(absl::Seconds(2));
  exporter->training().OnStep(Report(11));  // 10 steps of 0.2 s
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "timbre_train_steps_total"), Optional(11));
  EXPECT_THAT(Value(text, "timbre_train_windows_total"), Optional(11 * 64));
  EXPECT_THAT(Value(text, "timbre_train_step_seconds_count"), Optional(10));
  EXPECT_THAT(Value(text, "timbre_train_step_seconds_sum"), Optional(DoubleNear(2, 1e-9)));
  EXPECT_THAT(Value(text, "timbre_train_step_seconds_bucket{le=\"0.1\"}"), Optional(0));
  EXPECT_THAT(Value(text, "timbre_train_step_seconds_bucket{le=\"0.25\"}"), Optional(10));
}

TEST(TrainMetricsTest, TheTimeBetweenTwoTrainingsIsNoStepTime) {
  fakes::FakeClock clock;
  const auto exporter = MakeExporter(clock);
  exporter->training().OnStep(Report(1));
  clock.Advance(absl::Hours(3));
  exporter->training().OnStep(Report(1));  // another training begins
  clock.Advance(absl::Hours(3));
  exporter->training().OnResumed(500);
  exporter->training().OnStep(Report(501));
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "timbre_train_steps_total"), Optional(3));
  EXPECT_THAT(Value(text, "timbre_train_step_seconds_count"), Optional(0));
  EXPECT_THAT(Value(text, "timbre_train_resumes_total"), Optional(1));
}

TEST(TrainMetricsTest, AClockThatGoesBackGivesNoNegativeTime) {
  fakes::FakeClock clock;
  const auto exporter = MakeExporter(clock);
  exporter->training().OnStep(Report(1));
  clock.Advance(-absl::Hours(1));
  exporter->training().OnStep(Report(2));
  EXPECT_THAT(Value(exporter->Text(), "timbre_train_step_seconds_sum"), Optional(0));
}

TEST(TrainMetricsTest, ALossThatIsNotFiniteIsShownAsSuch) {
  const auto exporter = MakeExporter();
  train::StepReport report = Report(1);
  report.loss = std::numeric_limits<double>::quiet_NaN();
  report.gradient_norm = std::numeric_limits<double>::infinity();
  exporter->training().OnStep(report);
  const std::string text = exporter->Text();
  ASSERT_TRUE(Value(text, "timbre_train_loss").has_value());
  EXPECT_TRUE(std::isnan(*Value(text, "timbre_train_loss")));
  EXPECT_THAT(text, HasSubstr("timbre_train_gradient_norm +Inf"));
}

TEST(TrainMetricsTest, ProblemsAreCountedByKindAndNotByMessage) {
  const auto exporter = MakeExporter();
  exporter->training().OnHealth({train::HealthProblem::kCollapse, 70, "embeddings are one point"});
  exporter->training().OnHealth({train::HealthProblem::kCollapse, 90, "again"});
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "timbre_train_health_problems_total{problem=\"collapse\"}"), Optional(2));
  EXPECT_THAT(Value(text, "timbre_train_health_problems_total{problem=\"starving\"}"), Optional(0));
  EXPECT_THAT(text, Not(HasSubstr("one point")));
}

TEST(TrainMetricsTest, ASnapshotLeavesItsTime) {
  fakes::FakeClock clock(absl::FromUnixSeconds(1'700'000'000));
  const auto exporter = MakeExporter(clock);
  exporter->training().OnSnapshot(100, 0.5);
  clock.Advance(absl::Seconds(60));
  exporter->training().OnSnapshot(200, 0.25);
  const std::string text = exporter->Text();
  EXPECT_THAT(Value(text, "timbre_train_snapshots_total"), Optional(2));
  EXPECT_THAT(Value(text, "timbre_train_snapshot_seconds_sum"), Optional(DoubleNear(0.75, 1e-9)));
  EXPECT_THAT(Value(text, "timbre_train_last_snapshot_timestamp_seconds"),
              Optional(DoubleNear(1'700'000'060, 1e-3)));
}

}  // namespace
}  // namespace timbre::metrics
