#include "client/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include "tests/support/matchers.h"

namespace timbre::client {
namespace {

using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

template <typename... Details>
grpc::Status Rich(grpc::StatusCode code, const std::string& message, const Details&... details) {
  google::rpc::Status rich;
  (rich.add_details()->PackFrom(details), ...);
  return {code, message, rich.SerializeAsString()};
}

TEST(StatusTest, CodesAndMessagesAreKept) {
  EXPECT_THAT(FromGrpcStatus(grpc::Status::OK), IsOk());
  EXPECT_THAT(FromGrpcStatus({grpc::StatusCode::NOT_FOUND, "no model m"}),
              StatusIs(absl::StatusCode::kNotFound, "no model m"));
  EXPECT_THAT(FromGrpcStatus({grpc::StatusCode::UNAUTHENTICATED, "who"}),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(StatusTest, EachWrongFieldHasItsLine) {
  google::rpc::BadRequest bad;
  auto* first = bad.add_field_violations();
  first->set_field("training_config.batch_tracks");
  first->set_description("must be in [2, 4096], was 1");
  auto* second = bad.add_field_violations();
  second->set_field("dataset");
  second->set_description("is empty");
  const auto status = FromGrpcStatus(Rich(grpc::StatusCode::INVALID_ARGUMENT, "two fields are wrong", bad));
  EXPECT_EQ(Describe(status),
            "INVALID_ARGUMENT: two fields are wrong\n"
            "  training_config.batch_tracks: must be in [2, 4096], was 1\n"
            "  dataset: is empty");
}

TEST(StatusTest, ViolationsThatTheMessageRepeatsAreSaidOnce) {
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("steps");
  bad.mutable_field_violations(0)->set_description("must be positive");
  EXPECT_EQ(
      Describe(FromGrpcStatus(Rich(grpc::StatusCode::INVALID_ARGUMENT, "steps: must be positive", bad))),
      "INVALID_ARGUMENT: steps: must be positive");
  bad.add_field_violations()->set_field("seed");
  bad.mutable_field_violations(1)->set_description("is odd");
  EXPECT_EQ(Describe(FromGrpcStatus(
                Rich(grpc::StatusCode::INVALID_ARGUMENT, "steps: must be positive; seed: is odd", bad))),
            "INVALID_ARGUMENT: 2 fields are wrong\n  steps: must be positive\n  seed: is odd");
}

TEST(StatusTest, ReasonFiguresAndDelayAreSaid) {
  google::rpc::ErrorInfo info;
  info.set_reason("QUEUE_FULL");
  (*info.mutable_metadata())["limit"] = "4096";
  (*info.mutable_metadata())["actual"] = "5000";
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(250'000'000);
  const auto status =
      FromGrpcStatus(Rich(grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full", info, retry));
  EXPECT_EQ(RetryDelay(status), absl::Milliseconds(250));
  EXPECT_EQ(Describe(status),
            "RESOURCE_EXHAUSTED: the queue is full\n"
            "  reason: QUEUE_FULL (actual=5000, limit=4096)\n"
            "  try again in 250ms");
}

TEST(StatusTest, TheRequestIdIsSaidSoThatItCanBeQuoted) {
  google::rpc::RequestInfo info;
  info.set_request_id("a1b2");
  EXPECT_EQ(Describe(FromGrpcStatus(Rich(grpc::StatusCode::NOT_FOUND, "no job j9", info))),
            "NOT_FOUND: no job j9\n  request id: a1b2");
}

TEST(StatusTest, AReasonThatOnlyRepeatsTheCodeIsNotSaid) {
  google::rpc::ErrorInfo info;
  info.set_reason("NOT_FOUND");
  EXPECT_EQ(Describe(FromGrpcStatus(Rich(grpc::StatusCode::NOT_FOUND, "no job j9", info))),
            "NOT_FOUND: no job j9");
}

TEST(StatusTest, DetailsThatAreNoneDoNoHarm) {
  EXPECT_EQ(Describe(FromGrpcStatus({grpc::StatusCode::INTERNAL, "x", "\xFF\xFF garbage"})), "INTERNAL: x");
  EXPECT_FALSE(RetryDelay(absl::OkStatus()).has_value());
}

}  // namespace
}  // namespace timbre::client
