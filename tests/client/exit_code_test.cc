#include "client/cli/exit_code.h"

#include <gtest/gtest.h>

namespace timbre::cli {
namespace {

TEST(ExitCodeTest, TellsScriptsWhatHappened) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), ExitCode::kUnavailable);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("")), ExitCode::kUnavailable);
  EXPECT_EQ(ExitCodeOf(absl::CancelledError("")), ExitCode::kCancelled);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("")), ExitCode::kFailed);
}

TEST(ExitCodeTest, AJobThatFailedOrWasCancelledIsNoSuccess) {
  EXPECT_EQ(ExitCodeOf(v1::JOB_STATE_SUCCEEDED), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(v1::JOB_STATE_FAILED), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf(v1::JOB_STATE_CANCELLED), ExitCode::kCancelled);
}

}  // namespace
}  // namespace timbre::cli
