#include "core/jobs/moves.h"

#include "tests/support/matchers.h"

namespace timbre::jobs {
namespace {

using enum JobState;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

constexpr JobState kAll[] = {kQueued,     kRunning,   kPausing, kPaused,
                             kCancelling, kSucceeded, kFailed,  kCancelled};

Job In(JobState state) {
  Job job;
  job.id = "j0123456789ab";
  job.state = state;
  return job;
}

// Where a move leads; the job's own state when nothing moves.
JobState To(const NextMove& move, const Job& job) { return move->has_value() ? (*move)->to : job.state; }

TEST(MovesTest, NoDecisionEverAsksForAnIllegalTransition) {
  const absl::StatusOr<std::string> outcomes[] = {std::string("result"), absl::CancelledError("stop"),
                                                  absl::UnavailableError("stop"),
                                                  absl::InternalError("broken")};
  const absl::Status tokens[] = {absl::OkStatus(), absl::CancelledError("x"), absl::UnavailableError("x")};
  for (const JobState state : kAll) {
    const Job job = In(state);
    std::vector<NextMove> moves = {MoveOnCancel(job), MoveOnPause(job), MoveOnResume(job), MoveOnBegin(job),
                                   MoveWithoutBody(job)};
    for (const auto& outcome : outcomes) {
      for (const auto& token : tokens) {
        // A run that ends is in one of these three.
        if (state == kRunning || state == kPausing || state == kCancelling) {
          moves.push_back(MoveOnEnd(job, outcome, token));
        } else if (!outcome.ok()) {
          EXPECT_THAT(MoveOnEnd(job, outcome, token), StatusIs(absl::StatusCode::kFailedPrecondition));
        }
      }
    }
    for (const NextMove& move : moves) {
      if (!move.ok()) {
        EXPECT_THAT(move, StatusIs(absl::StatusCode::kFailedPrecondition));
      } else if (move->has_value()) {
        EXPECT_THAT(CheckTransition(state, (*move)->to), IsOk());
      }
    }
  }
}

TEST(MovesTest, ABodyThatIsDoneSucceedsWhateverWasAskedFor) {
  for (const JobState state : {kRunning, kPausing, kCancelling}) {
    const NextMove move = MoveOnEnd(In(state), std::string("result"), absl::CancelledError("asked"));
    ASSERT_THAT(move, IsOk());
    EXPECT_EQ((*move)->to, kSucceeded);
    EXPECT_EQ((*move)->result, "result");
  }
}

TEST(MovesTest, AnErrorAfterACancelIsCancelledAndOtherErrorsAreFailed) {
  const absl::Status fired = absl::CancelledError("asked");
  const absl::Status broken = absl::InternalError("broken");
  EXPECT_EQ(To(MoveOnEnd(In(kCancelling), broken, fired), In(kCancelling)), kCancelled);
  EXPECT_EQ(To(MoveOnEnd(In(kPausing), broken, fired), In(kPausing)), kFailed);
  EXPECT_EQ(To(MoveOnEnd(In(kRunning), broken, absl::OkStatus()), In(kRunning)), kFailed);
  EXPECT_EQ(To(MoveOnEnd(In(kPausing), fired, fired), In(kPausing)), kPaused);
}

TEST(MovesTest, ABodyStoppedWithTheServerStaysRunning) {
  const absl::Status stop = absl::UnavailableError("the server stops");
  EXPECT_EQ(To(MoveOnEnd(In(kRunning), stop, stop), In(kRunning)), kRunning);
}

TEST(MovesTest, AnErrorThatOnlyLooksLikeTheTokensIsAFailure) {
  EXPECT_EQ(To(MoveOnEnd(In(kRunning), absl::UnavailableError("x"), absl::OkStatus()), In(kRunning)),
            kFailed);
}

TEST(MovesTest, TakingOverSettlesRequestsAndGoesOnWithRunningJobs) {
  EXPECT_EQ(To(MoveOnTakeOver(In(kPausing)), In(kPausing)), kPaused);
  EXPECT_EQ(To(MoveOnTakeOver(In(kCancelling)), In(kCancelling)), kCancelled);
  EXPECT_FALSE(MoveOnTakeOver(In(kQueued))->has_value());
  const NextMove running = MoveOnTakeOver(In(kRunning));
  ASSERT_TRUE(running->has_value());
  EXPECT_EQ((*running)->to, kRunning);
  EXPECT_TRUE((*running)->restarted);
}

TEST(MovesTest, AJobThatEndsServerAfterServerIsFailedButEachStepForgivesTheDeathsBefore) {
  Job job = In(kRunning);
  job.step = job.death_step = 7;
  for (int death = 1; death <= kMaxDeaths; ++death) {
    const NextMove move = MoveOnTakeOver(job);
    ASSERT_EQ(To(move, job), kRunning);
    EXPECT_EQ((*move)->deaths, death);
    job.deaths = (*move)->deaths;
  }
  const NextMove last = MoveOnTakeOver(job);
  ASSERT_EQ(To(last, job), kFailed);
  EXPECT_THAT((*last)->error, StatusIs(absl::StatusCode::kAborted, HasSubstr("step 7")));
  job.step = 8;
  EXPECT_EQ((*MoveOnTakeOver(job))->deaths, 1);
}

}  // namespace
}  // namespace timbre::jobs
