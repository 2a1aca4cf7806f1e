#include <cmath>
#include <vector>

#include "client/bench/pacer.h"
#include "tests/support/matchers.h"

namespace timbre::bench {
namespace {

using Action = Pacer::Action;

TEST(ArrivalScheduleTest, ConstantArrivalsDoNotDrift) {
  ArrivalSchedule schedule(Arrivals::kConstant, 3, 1);
  for (int i = 0; i < 3000; ++i) schedule.Next();
  EXPECT_LT(absl::AbsDuration(schedule.Next() - absl::Seconds(1000)), absl::Nanoseconds(1));
}

// Gaps of a Poisson process are exponential: deviation = mean, and e^-1 of them are above the mean.
TEST(ArrivalScheduleTest, PoissonGapsAreExponential) {
  constexpr int kCount = 200'000;
  ArrivalSchedule schedule(Arrivals::kPoisson, 100, 7);
  double sum = 0, squares = 0;
  int above = 0;
  absl::Duration last = absl::ZeroDuration();
  for (int i = 0; i < kCount; ++i) {
    const absl::Duration at = schedule.Next();
    ASSERT_GE(at, last);
    const double gap = absl::ToDoubleSeconds(at - last);
    last = at;
    sum += gap;
    squares += gap * gap;
    above += gap > 0.01 ? 1 : 0;
  }
  const double mean = sum / kCount;
  EXPECT_NEAR(mean, 0.01, 1e-4);
  EXPECT_NEAR(std::sqrt(squares / kCount - mean * mean), 0.01, 2e-4);
  EXPECT_NEAR(static_cast<double>(above) / kCount, std::exp(-1), 0.005);
}

TEST(ArrivalScheduleTest, TheSeedDecides) {
  ArrivalSchedule a(Arrivals::kPoisson, 10, 1), b(Arrivals::kPoisson, 10, 1), c(Arrivals::kPoisson, 10, 2);
  const absl::Duration first = a.Next();
  EXPECT_EQ(first, b.Next());
  EXPECT_NE(first, c.Next());
}

constexpr LoadPlan kOpen{
    .rps = 10, .arrivals = Arrivals::kConstant, .max_in_flight = 2, .duration = absl::Seconds(1)};

TEST(PacerTest, AnOpenLoopWaitsForTheNextArrivalWhateverIsInFlight) {
  Pacer pacer(kOpen);
  Pacer::Step step = pacer.Next(absl::ZeroDuration(), 0);
  EXPECT_EQ(step.action, Action::kSend);
  step = pacer.Next(absl::Milliseconds(1), 1);
  EXPECT_EQ(step.action, Action::kWait);
  EXPECT_EQ(step.at, absl::Milliseconds(100));
}

TEST(PacerTest, CallsThatAreLateKeepTheTimeTheyWereDueAt) {
  Pacer pacer(kOpen);
  for (int i = 0; i < 4; ++i) {
    const Pacer::Step step = pacer.Next(absl::Milliseconds(350), 0);
    EXPECT_EQ(step.action, Action::kSend);
    EXPECT_EQ(step.at, i * absl::Milliseconds(100));
  }
  EXPECT_EQ(pacer.Next(absl::Milliseconds(350), 0).action, Action::kWait);
}

TEST(PacerTest, ArrivalsThatFindTooManyInFlightAreDropped) {
  Pacer pacer(kOpen);
  EXPECT_EQ(pacer.Next(absl::ZeroDuration(), 2).action, Action::kDrop);
  EXPECT_EQ(pacer.Next(absl::Milliseconds(100), 1).action, Action::kSend);
}

TEST(PacerTest, WhatIsDueBeforeTheEndIsSentEvenAfterIt) {
  Pacer pacer(kOpen);
  int sent = 0;
  while (pacer.Next(absl::Seconds(5), 0).action == Action::kSend) ++sent;
  EXPECT_EQ(sent, 10);
  EXPECT_EQ(pacer.Next(absl::Seconds(5), 0).action, Action::kOver);
}

TEST(PacerTest, AClosedLoopKeepsItsCallsInFlight) {
  Pacer pacer({.concurrency = 2, .warmup = absl::Seconds(1), .duration = absl::Seconds(1)});
  EXPECT_EQ(pacer.Next(absl::ZeroDuration(), 1).action, Action::kSend);
  const Pacer::Step full = pacer.Next(absl::ZeroDuration(), 2);
  EXPECT_EQ(full.action, Action::kWait);
  EXPECT_EQ(full.at, absl::Seconds(2));
  const Pacer::Step freed = pacer.Next(absl::Milliseconds(1500), 1);
  EXPECT_EQ(freed.action, Action::kSend);
  EXPECT_EQ(freed.at, absl::Milliseconds(1500));
  EXPECT_EQ(pacer.Next(absl::Seconds(2), 0).action, Action::kOver);
}

}  // namespace
}  // namespace timbre::bench
