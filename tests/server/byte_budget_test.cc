#include "server/rpc/byte_budget.h"

#include "server/rpc/status.h"
#include "tests/support/exhausted.h"
#include "tests/support/matchers.h"
#include "tests/support/rpc_status.h"

namespace timbre::rpc {
namespace {

using ::testing::HasSubstr;
using timbre::testing::IsExhausted;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

TEST(ByteBudgetTest, AnAccountHasHalfOfItAndAllTogetherTheWhole) {
  ByteBudget budget(1000);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto first, budget.Take("a", 300));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto second, budget.Take("a", 200));
  EXPECT_THAT(budget.Take("a", 1), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("your calls")));
  EXPECT_THAT(budget.Take("a", 1), IsExhausted(base::Exhausted::kQuota));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto third, budget.Take("b", 400));
  EXPECT_THAT(budget.Take("c", 101),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("all clients")));
  EXPECT_THAT(budget.Take("c", 101), IsExhausted(base::Exhausted::kFull));
  EXPECT_THAT(budget.Take("c", 100), IsOk());
  EXPECT_EQ(budget.held(), 900);
}

TEST(ByteBudgetTest, WhatIsReleasedMovedOrDroppedIsGivenBackOnce) {
  ByteBudget budget(1000);
  TIMBRE_ASSERT_OK_AND_ASSIGN(ByteBudget::Hold hold, budget.Take("a", 500));
  hold.Release();
  hold.Release();
  EXPECT_EQ(budget.held(), 0);
  {
    TIMBRE_ASSERT_OK_AND_ASSIGN(hold, budget.Take("a", 500));
    ByteBudget::Hold other = std::move(hold);
    EXPECT_EQ(budget.held(), 500);
    TIMBRE_ASSERT_OK_AND_ASSIGN(other, budget.Take("b", 100));  // and a's goes
    EXPECT_EQ(budget.held(), 100);
  }
  EXPECT_EQ(budget.held(), 0);
  EXPECT_THAT(budget.Take("a", 500), IsOk());
}

TEST(ByteBudgetTest, AMessageThatIsLargerThanAPartIsLetInAlone) {
  ByteBudget budget(1000);
  {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto large, budget.Take("a", 5000));
    EXPECT_THAT(budget.Take("a", 1), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("5000")));
    EXPECT_THAT(budget.Take("b", 1), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("1000")));
  }
  EXPECT_THAT(budget.Take("b", 1), IsOk());
}

TEST(ByteBudgetTest, ARefusalSaysWhenToTryAgain) {
  ByteBudget budget(10);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto hold, budget.Take("a", 5));
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(timbre::testing::ExtractDetail(ToGrpcStatus(budget.Take("a", 5).status()), &retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
}

}  // namespace
}  // namespace timbre::rpc
