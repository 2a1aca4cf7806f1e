#include "core/jobs/job.h"

#include <set>
#include <utility>

#include "tests/support/matchers.h"

namespace timbre::jobs {
namespace {

using enum JobState;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

constexpr JobState kAll[] = {kQueued,     kRunning,   kPausing, kPaused,
                             kCancelling, kSucceeded, kFailed,  kCancelled};

TEST(JobTest, TheTransitionTableIsThisOneAndNoOther) {
  const std::set<std::pair<JobState, JobState>> allowed = {
      {kQueued, kRunning},    {kQueued, kPaused},      {kQueued, kCancelled},     {kQueued, kFailed},
      {kRunning, kPausing},   {kRunning, kCancelling}, {kRunning, kSucceeded},    {kRunning, kFailed},
      {kPausing, kPaused},    {kPausing, kCancelling}, {kPausing, kSucceeded},    {kPausing, kFailed},
      {kPaused, kQueued},     {kPaused, kCancelled},   {kCancelling, kCancelled}, {kCancelling, kSucceeded},
      {kCancelling, kFailed}, {kFailed, kQueued},      {kCancelled, kQueued},
  };
  for (const JobState from : kAll) {
    for (const JobState to : kAll) {
      SCOPED_TRACE(std::string(JobStateName(from)) + " -> " + JobStateName(to));
      if (allowed.count({from, to}) > 0) {
        EXPECT_THAT(CheckTransition(from, to), IsOk());
      } else {
        EXPECT_THAT(CheckTransition(from, to),
                    StatusIs(absl::StatusCode::kFailedPrecondition,
                             AllOf(HasSubstr(JobStateName(from)), HasSubstr(JobStateName(to)))));
      }
    }
  }
}

TEST(JobTest, ARefusedTransitionNamesTheStatesThatWouldDo) {
  EXPECT_THAT(CheckTransition(kSucceeded, kPaused),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("QUEUED, PAUSING")));
}

TEST(JobTest, ASucceededJobIsTheEnd) {
  for (const JobState to : kAll) EXPECT_FALSE(CheckTransition(kSucceeded, to).ok());
}

TEST(JobTest, StateNamesGoThereAndBack) {
  for (const JobState state : kAll) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const JobState back, JobStateFromName(JobStateName(state)));
    EXPECT_EQ(back, state);
  }
  EXPECT_THAT(JobStateFromName("DONE"),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("DONE"), HasSubstr("SUCCEEDED"))));
}

TEST(JobTest, TerminalStatesAreTheThreeThatEnd) {
  for (const JobState state : kAll) {
    EXPECT_EQ(IsTerminal(state), state == kSucceeded || state == kFailed || state == kCancelled);
  }
}

}  // namespace
}  // namespace timbre::jobs
