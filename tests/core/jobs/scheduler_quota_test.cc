// How many jobs of a client may be under way.
#include "tests/core/jobs/scheduler_fixture.h"
#include "tests/support/exhausted.h"

namespace timbre::jobs {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

class SchedulerQuotaTest : public SchedulerTest {
 protected:
  SchedulerQuotaTest() {
    max_unfinished_ = 1;
    codec_.can_resume = [](const Job&) { return true; };
  }
  std::string Cancelled() {
    const std::string id = Queue("train", "work");
    EXPECT_THAT(scheduler_->Cancel(id), IsOk());
    return id;
  }
};

TEST_F(SchedulerQuotaTest, AJobMoreThanTheQuotaIsRefusedAndTold) {
  Start(/*hold=*/true);
  Queue("train", "work");
  const auto refused = Submit("train", "work");
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("quota is 1")));
  EXPECT_THAT(refused, timbre::testing::IsExhausted(base::Exhausted::kQuota));
  EXPECT_EQ(over_quota_, 1);
}

// Else who cancels and resumes would have as many under way as he likes.
TEST_F(SchedulerQuotaTest, AJobThatIsOverIsResumedWithinTheQuotaOnly) {
  Start(/*hold=*/true);
  const std::string first = Cancelled(), second = Cancelled();
  ASSERT_THAT(scheduler_->Resume(first), IsOk());
  EXPECT_THAT(scheduler_->Resume(second),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("quota is 1")));
  EXPECT_EQ(over_quota_, 1);
  ASSERT_THAT(scheduler_->Cancel(first), IsOk());
  EXPECT_THAT(scheduler_->Resume(second), IsOk());
}

TEST_F(SchedulerQuotaTest, APausedJobCountsAllTheTimeAndIsResumed) {
  Start(/*hold=*/true);
  const std::string id = Queue("train", "work");
  ASSERT_THAT(scheduler_->Pause(id), IsOk());
  EXPECT_THAT(Submit("train", "work"), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(scheduler_->Resume(id), IsOk());
}

}  // namespace
}  // namespace timbre::jobs
