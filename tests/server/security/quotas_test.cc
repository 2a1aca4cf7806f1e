#include "server/security/quotas.h"

#include "absl/strings/str_cat.h"
#include "core/base/retry_after.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/exhausted.h"
#include "tests/support/matchers.h"

namespace timbre::security {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsExhausted;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;

class QuotasTest : public ::testing::Test {
 protected:
  Quotas Make(const Quota& each, std::map<std::string, Quota> clients = {}) {
    Quotas::Options options;
    options.each = each;
    options.clients = std::move(clients);
    options.clock = &clock_;
    return Quotas(std::move(options));
  }
  fakes::FakeClock clock_;
};

TEST_F(QuotasTest, EachRefusalIsToldByItsKind) {
  struct Counting final : Observer {
    void OnQuota(QuotaKind quota) override { kinds.push_back(quota); }
    std::vector<QuotaKind> kinds;
  } observer;
  Quotas quotas({.each = {.requests_per_second = 0.1, .windows_per_second = 0.1, .uploads = 1, .jobs = 1},
                 .observer = &observer,
                 .clock = &clock_});
  ASSERT_THAT(quotas.OnCall("a"), IsOk());
  EXPECT_THAT(quotas.OnCall("a"), IsExhausted(base::Exhausted::kQuota));
  ASSERT_THAT(quotas.OnWindows("a", 2), IsOk());
  EXPECT_THAT(quotas.OnWindows("a", 1), IsExhausted(base::Exhausted::kQuota));
  const auto place = quotas.BeginUpload("a");
  EXPECT_THAT(quotas.BeginUpload("a"), IsExhausted(base::Exhausted::kQuota));
  quotas.OnJobRefused();
  EXPECT_EQ(observer.kinds,
            (std::vector{QuotaKind::kRequests, QuotaKind::kWindows, QuotaKind::kUploads, QuotaKind::kJobs}));
}

TEST_F(QuotasTest, WithoutAQuotaEverythingIsTakenAndNobodyIsRemembered) {
  Quotas quotas = Make({});
  for (int i = 0; i < 1000; ++i) EXPECT_THAT(quotas.OnCall(absl::StrCat("client", i)), IsOk());
  EXPECT_THAT(quotas.OnWindows("a", 1'000'000), IsOk());
  EXPECT_EQ(quotas.Pace("a", 1'000'000), absl::ZeroDuration());
  EXPECT_EQ(quotas.remembered(), 0U);
}

TEST_F(QuotasTest, TenSecondsOfCallsMayComeAtOnceAndThenTheRateHolds) {
  Quotas quotas = Make({.requests_per_second = 2});
  for (int i = 0; i < 20; ++i) EXPECT_THAT(quotas.OnCall("a"), IsOk()) << i;
  const absl::Status refused = quotas.OnCall("a");
  EXPECT_THAT(refused,
              StatusIs(kExhausted, HasSubstr("client 'a' makes more calls than its quota of 2 a second")));
  EXPECT_EQ(base::RetryAfterOf(refused), absl::Milliseconds(500));
  EXPECT_THAT(quotas.OnCall("b"), IsOk());  // everybody has an account of their own
  // Whoever waits as long as it was told is taken.
  clock_.Advance(absl::Milliseconds(500));
  EXPECT_THAT(quotas.OnCall("a"), IsOk());
  EXPECT_THAT(quotas.OnCall("a"), StatusIs(kExhausted, HasSubstr("slow down")));
}

TEST_F(QuotasTest, OverAnHourNoMoreThanTheRateAndOneBurstGetsThrough) {
  Quotas quotas = Make({.requests_per_second = 0.5});
  int taken = 0;
  for (int second = 0; second < 3600; ++second) {
    for (int i = 0; i < 3; ++i) taken += quotas.OnCall("a").ok() ? 1 : 0;
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_GE(taken, 1800);
  EXPECT_LE(taken, 1800 + 5);
}

TEST_F(QuotasTest, ALongClipIsTakenAndItsDebtRefusesTheNextOnes) {
  Quotas quotas = Make({.windows_per_second = 10});
  EXPECT_THAT(quotas.OnWindows("a", 300), IsOk());  // of 100 that were there: a debt of 200
  const absl::Status refused = quotas.OnWindows("a", 1);
  EXPECT_THAT(refused, StatusIs(kExhausted, HasSubstr("10 windows a second")));
  clock_.Advance(*base::RetryAfterOf(refused));
  EXPECT_THAT(quotas.OnWindows("a", 1), IsOk());
}

TEST_F(QuotasTest, AStreamIsHeldBackToItsRate) {
  Quotas quotas = Make({.windows_per_second = 4});
  const absl::Time begin = clock_.Now();
  for (int i = 0; i < 100; ++i) clock_.Advance(quotas.Pace("a", 8));
  // 800 windows at 4 a second, of which 40 were there.
  EXPECT_NEAR(absl::ToDoubleSeconds(clock_.Now() - begin), 190, 1);
}

TEST_F(QuotasTest, AnUploadHoldsItsPlaceUntilItGoes) {
  Quotas quotas = Make({.uploads = 1});
  {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<void> first, quotas.BeginUpload("a"));
    EXPECT_THAT(quotas.BeginUpload("a"), StatusIs(kExhausted, HasSubstr("has 1 uploads under way")));
    EXPECT_THAT(quotas.BeginUpload("b"), IsOk());
  }
  EXPECT_THAT(quotas.BeginUpload("a"), IsOk());
}

TEST_F(QuotasTest, AClientsOwnQuotaGoesBeforeTheCommonOne) {
  Quotas quotas =
      Make({.requests_per_second = 1, .jobs = 2}, {{"lab", {.requests_per_second = 0, .jobs = 50}}});
  for (int i = 0; i < 100; ++i) EXPECT_THAT(quotas.OnCall("lab"), IsOk());
  EXPECT_EQ(quotas.Of("lab").jobs, 50);
  EXPECT_EQ(quotas.Of("anyone").jobs, 2);
}

TEST_F(QuotasTest, WhoChangesItsNameAllTheTimeFillsNoMemory) {
  Quotas quotas = Make({.requests_per_second = 10});
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_THAT(quotas.OnCall(absl::StrCat("client", i)), IsOk());
    clock_.Advance(absl::Milliseconds(1));
  }
  EXPECT_LE(quotas.remembered(), 2048U);
}

}  // namespace
}  // namespace timbre::security
