#include "server/rpc/status.h"

#include <google/rpc/error_details.pb.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/retry_after.h"
#include "tests/support/rpc_status.h"

namespace timbre::rpc {
namespace {

TEST(StatusTest, CodeMessageAndReasonComeThrough) {
  const grpc::Status status =
      ToGrpcStatus(WithReason(absl::NotFoundError("no such thing"), "GONE", {{"id", "7"}}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no such thing");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(testing::ExtractDetail(status, &info));
  EXPECT_EQ(info.reason(), "GONE");
  EXPECT_EQ(info.metadata().at("id"), "7");
}

TEST(StatusTest, AFullQueueSaysWhenToTryAgain) {
  google::rpc::RetryInfo retry;
  EXPECT_TRUE(testing::ExtractDetail(
      ToGrpcStatus(base::WithRetryAfter(absl::ResourceExhaustedError("the rpc queue is full"),
                                        absl::Milliseconds(1250))),
      &retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 250'000'000);
  EXPECT_FALSE(
      testing::ExtractDetail(ToGrpcStatus(absl::ResourceExhaustedError("the disk is full")), &retry));
}

TEST(StatusTest, ALongMessageIsCutBetweenCharactersAndKeepsItsCode) {
  std::string message;
  for (int i = 0; i < 5000; ++i) message += "\xC3\xA9";  // e acute
  const grpc::Status status = ToGrpcStatus(absl::InvalidArgumentError(absl::StrCat("x", message)));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_LT(status.error_message().size() + status.error_details().size(), 7000U);
  EXPECT_TRUE(status.error_message().ends_with("\xC3\xA9 ..."));
}

TEST(StatusTest, BytesThatAreNoTextAreReplaced) {
  const grpc::Status status = ToGrpcStatus(absl::InvalidArgumentError("a\xFF\xC3z"));
  EXPECT_EQ(status.error_message(), "a??z");
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(testing::ExtractDetail(status, &info));
}

}  // namespace
}  // namespace timbre::rpc
