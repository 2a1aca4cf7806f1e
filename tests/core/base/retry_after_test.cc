#include "core/base/retry_after.h"

#include <gmock/gmock.h>

namespace timbre::base {
namespace {

TEST(RetryAfterTest, TheDelayComesBackToTheNanosecond) {
  for (const absl::Duration delay : {absl::ZeroDuration(), absl::Nanoseconds(1), absl::Milliseconds(250),
                                     absl::Seconds(30) + absl::Nanoseconds(7)}) {
    EXPECT_EQ(RetryAfterOf(WithRetryAfter(absl::ResourceExhaustedError("full"), delay)), delay);
  }
}

TEST(RetryAfterTest, AStatusThatDoesNotSayHasNone) {
  EXPECT_EQ(RetryAfterOf(absl::ResourceExhaustedError("full")), std::nullopt);
  EXPECT_EQ(RetryAfterOf(absl::OkStatus()), std::nullopt);
}

TEST(RetryAfterTest, CodeAndMessageStayAndOkStaysOk) {
  const absl::Status status = WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Seconds(1));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "full");
  EXPECT_TRUE(WithRetryAfter(absl::OkStatus(), absl::Seconds(1)).ok());
}

}  // namespace
}  // namespace timbre::base
