#include "core/base/exhausted.h"

#include "core/base/retry_after.h"
#include "gtest/gtest.h"

namespace timbre::base {
namespace {

TEST(ExhaustedTest, TheCauseAndTheTimeGoWithTheStatus) {
  for (const Exhausted cause : {Exhausted::kFull, Exhausted::kQuota, Exhausted::kLimit}) {
    const absl::Status status = ExhaustedError(cause, "no more", absl::Seconds(2));
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(status.message(), "no more");
    EXPECT_EQ(ExhaustedCauseOf(status), cause);
    EXPECT_EQ(RetryAfterOf(status), absl::Seconds(2));
  }
  EXPECT_EQ(RetryAfterOf(ExhaustedError(Exhausted::kLimit, "too long")), std::nullopt);
}

TEST(ExhaustedTest, AStatusThatDoesNotSayHasNoCause) {
  EXPECT_EQ(ExhaustedCauseOf(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(ExhaustedCauseOf(absl::ResourceExhaustedError("the disk is full")), std::nullopt);
}

}  // namespace
}  // namespace timbre::base
