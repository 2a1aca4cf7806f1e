#include "core/train/throughput.h"

#include <gtest/gtest.h>

namespace timbre::train {
namespace {

using std::chrono::seconds;

const Throughput::Clock::time_point kStart{seconds(100)};

TEST(ThroughputTest, AStepHasItsOwnFiguresAndAReportThoseSinceTheLastReport) {
  Throughput throughput(kStart, absl::Seconds(7));
  auto step = throughput.Step(kStart + seconds(2), absl::Seconds(8), 10);
  EXPECT_DOUBLE_EQ(step.windows_per_second, 5);
  EXPECT_DOUBLE_EQ(step.data_wait_ratio, 0.5);
  step = throughput.Step(kStart + seconds(4), absl::Seconds(8), 10);
  EXPECT_DOUBLE_EQ(step.data_wait_ratio, 0);

  auto report = throughput.TakeReport();
  EXPECT_DOUBLE_EQ(report.windows_per_second, 5);
  EXPECT_DOUBLE_EQ(report.data_wait_ratio, 0.25);
  throughput.Step(kStart + seconds(5), absl::Seconds(8), 10);
  EXPECT_DOUBLE_EQ(throughput.TakeReport().windows_per_second, 10);
}

TEST(ThroughputTest, TheSilenceSinceTheLastReportIsKnown) {
  Throughput throughput(kStart, absl::ZeroDuration());
  throughput.Step(kStart + seconds(40), absl::ZeroDuration(), 1);
  EXPECT_EQ(throughput.SinceReport(), absl::Seconds(40));
  throughput.TakeReport();
  EXPECT_EQ(throughput.SinceReport(), absl::ZeroDuration());
  throughput.Step(kStart + seconds(65), absl::ZeroDuration(), 1);
  EXPECT_EQ(throughput.SinceReport(), absl::Seconds(25));
}

TEST(ThroughputTest, WhatIsLeftTakesTheMeanPace) {
  Throughput throughput(kStart, absl::ZeroDuration());
  EXPECT_EQ(throughput.EtaSeconds(10), 0);
  throughput.Step(kStart + seconds(3), absl::ZeroDuration(), 1);
  throughput.Step(kStart + seconds(4), absl::ZeroDuration(), 1);
  EXPECT_DOUBLE_EQ(throughput.EtaSeconds(10), 20);
}

TEST(ThroughputTest, NoTimeIsNoFigure) {
  Throughput throughput(kStart, absl::ZeroDuration());
  EXPECT_EQ(throughput.Step(kStart, absl::ZeroDuration(), 5).windows_per_second, 0);
}

}  // namespace
}  // namespace timbre::train
