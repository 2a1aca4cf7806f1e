#include "core/embed/admission.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "core/base/random.h"
#include "core/base/retry_after.h"
#include "tests/support/exhausted.h"
#include "tests/support/matchers.h"

namespace timbre::embed {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsExhausted;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

constexpr auto kFull = absl::StatusCode::kResourceExhausted;

Admission::Request Of(const std::string& client, int64_t windows,
                      absl::Duration patience = absl::InfiniteDuration()) {
  return {.windows = windows, .caller = {.client = client}, .patience = patience};
}

// How many one-window requests of a client come in, one after another.
std::vector<Admission::Place> Flood(Admission& admission, const std::string& client) {
  std::vector<Admission::Place> places;
  for (;;) {
    auto place = admission.Enter(Of(client, 1));
    if (!place.ok()) return places;
    places.push_back(*std::move(place));
  }
}

TEST(AdmissionTest, APlaceIsGivenBackPieceByPieceAndWhenItGoes) {
  Admission admission(10);
  {
    TIMBRE_ASSERT_OK_AND_ASSIGN(Admission::Place place, admission.Enter(Of("a", 6)));
    EXPECT_EQ(admission.windows_inside(), 6);
    place.GiveBack(2);
    EXPECT_EQ(admission.windows_inside(), 4);
    Admission::Place moved = std::move(place);
    EXPECT_EQ(moved.windows(), 4);
    EXPECT_EQ(admission.windows_inside(), 4);
  }
  EXPECT_EQ(admission.windows_inside(), 0);
}

TEST(AdmissionTest, GivingBackMoreThanIsHeldGivesBackWhatIsHeld) {
  Admission admission(10);
  TIMBRE_ASSERT_OK_AND_ASSIGN(Admission::Place place, admission.Enter(Of("a", 3)));
  place.GiveBack(100);
  EXPECT_EQ(admission.windows_inside(), 0);
}

TEST(AdmissionTest, AFullHouseRefusesWithLimitActualAndWhenToTryAgain) {
  Admission admission(10);
  admission.OnBatch(1, absl::Milliseconds(100));
  TIMBRE_ASSERT_OK_AND_ASSIGN(Admission::Place place, admission.Enter(Of("a", 8)));
  const auto refused = admission.Enter(Of("b", 5));
  EXPECT_THAT(refused, StatusIs(kFull, AllOf(HasSubstr("8 windows are inside"), HasSubstr("limit of 10"))));
  EXPECT_EQ(base::RetryAfterOf(refused.status()), absl::Milliseconds(300));  // until three have gone
  EXPECT_THAT(refused, IsExhausted(base::Exhausted::kFull));
  EXPECT_EQ(admission.windows_inside(), 8);
}

TEST(AdmissionTest, WhatCanNeverFitIsToldSoWithoutAHintToTryAgain) {
  Admission admission(10);
  const auto refused = admission.Enter(Of("a", 11));
  EXPECT_THAT(refused, StatusIs(kFull, AllOf(HasSubstr("11 windows"), HasSubstr("at most 10"))));
  EXPECT_EQ(base::RetryAfterOf(refused.status()), std::nullopt);
  EXPECT_THAT(refused, IsExhausted(base::Exhausted::kLimit));
}

TEST(AdmissionTest, OneClientAloneGetsFourFifthsAndANewcomerIsStillLetIn) {
  Admission admission(1000);
  const auto flood = Flood(admission, "flood");
  EXPECT_EQ(flood.size(), 800U);
  const auto refused = admission.Enter(Of("flood", 1));
  EXPECT_THAT(refused, StatusIs(kFull, HasSubstr("full for this client")));
  EXPECT_THAT(refused, IsExhausted(base::Exhausted::kFull));  // nobody else's windows are inside
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Admission::Place newcomer, admission.Enter(Of("newcomer", 100)));
  EXPECT_THAT(admission.Enter(Of("flood", 1)), IsExhausted(base::Exhausted::kQuota));
}

TEST(AdmissionTest, ClientsThatFloodGetEqualShares) {
  Admission admission(1000);
  std::map<std::string, std::vector<Admission::Place>> held;
  const std::vector<std::string> clients = {"a", "b", "c"};
  bool more = true;
  while (more) {
    more = false;
    for (const std::string& client : clients) {
      auto place = admission.Enter(Of(client, 1));
      if (!place.ok()) continue;
      held[client].push_back(*std::move(place));
      more = true;
    }
  }
  for (const std::string& client : clients) EXPECT_NEAR(static_cast<double>(held[client].size()), 308, 2);
  EXPECT_GT(1000 - admission.windows_inside(), 50);
}

TEST(AdmissionTest, WhoWouldOnlyLearnAfterItsDeadlineIsToldNow) {
  Admission admission(1000);
  admission.OnBatch(10, absl::Seconds(1));
  TIMBRE_ASSERT_OK_AND_ASSIGN(Admission::Place ahead, admission.Enter(Of("a", 20)));
  EXPECT_EQ(admission.expected_wait(), absl::Seconds(2));
  const auto refused = admission.Enter(Of("a", 1, absl::Seconds(2)));
  EXPECT_THAT(refused, StatusIs(kFull, HasSubstr("too long for this call's deadline")));
  EXPECT_TRUE(base::RetryAfterOf(refused.status()).has_value());
  EXPECT_THAT(admission.Enter(Of("a", 1, absl::Milliseconds(2101))), IsOk());
}

TEST(AdmissionTest, AClientThatTakesTurnsWithAFloodIsNotToldToWaitForAllOfIt) {
  Admission admission(1000);
  admission.OnBatch(10, absl::Seconds(1));
  const auto flood = Flood(admission, "flood");
  EXPECT_THAT(admission.Enter(Of("flood", 1, absl::Seconds(1))), StatusIs(kFull, HasSubstr("queue")));
  EXPECT_THAT(admission.Enter(Of("other", 1, absl::Seconds(1))), IsOk());
}

TEST(AdmissionTest, AnEmptyHouseLetsEverybodyInWhateverItHasLearnt) {
  Admission admission(10);
  admission.OnBatch(1, absl::Hours(1));  // such as while the machine slept: it must be able to learn better
  EXPECT_THAT(admission.Enter(Of("a", 1, absl::Milliseconds(5))), IsOk());
}

TEST(AdmissionTest, APlaceGrowsToWhatTheAudioTurnedOutToBeOrStays) {
  Admission admission(10);
  TIMBRE_ASSERT_OK_AND_ASSIGN(Admission::Place place, admission.Enter(Of("a", 1)));
  EXPECT_THAT(place.Resize(6), IsOk());
  EXPECT_EQ(admission.windows_inside(), 6);
  EXPECT_THAT(place.Resize(30), StatusIs(kFull));
  EXPECT_EQ(admission.windows_inside(), 6);
  EXPECT_THAT(place.Resize(2), IsOk());
  EXPECT_EQ(admission.windows_inside(), 2);
}

TEST(AdmissionTest, StreamsAreCountedAndNeverRefused) {
  Admission admission(2);
  const Admission::Place stream = admission.EnterUnrefused(8, {});
  EXPECT_EQ(admission.windows_inside(), 8);
  EXPECT_THAT(admission.Enter(Of("a", 1)), StatusIs(kFull));
}

TEST(AdmissionTest, ManyThreadsLeaveItEmpty) {
  Admission admission(50);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&admission, t] {
      base::Random random({t});
      for (int i = 0; i < 2000; ++i) {
        auto place = admission.Enter(Of(std::string(1, static_cast<char>('a' + t)), random.UniformInt(1, 9)));
        if (place.ok()) place->Resize(random.UniformInt(1, 20)).IgnoreError();
        admission.OnBatch(random.UniformInt(1, 4), absl::Milliseconds(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admission.windows_inside(), 0);
}

}  // namespace
}  // namespace timbre::embed
