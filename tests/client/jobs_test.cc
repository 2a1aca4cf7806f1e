#include "client/jobs.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include "client/request_id.h"
#include "tests/client/scripted_job_service.h"
#include "tests/client/test_server.h"
#include "tests/support/matchers.h"

namespace timbre::client {
namespace {

using ::testing::ElementsAre;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

class JobsTest : public ::testing::Test {
 protected:
  JobsTest() {
    v1::Job job;
    job.set_name("jobs/j1");
    service_.SetJob(job);
    connection_ = server_.Connect();
    connection_.sleep = [this](absl::Duration wait) { waits_.push_back(wait); };
  }

  ScriptedJobService service_;
  TestServer server_{&service_};
  Connection connection_;
  std::vector<absl::Duration> waits_;
};

TEST(RequestIdTest, IsARandomUuidAndNeverTheSame) {
  const auto is_uuid4 =
      ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  const std::string first = NewRequestId();
  EXPECT_THAT(first, is_uuid4);
  EXPECT_NE(first, NewRequestId());
}

TEST_F(JobsTest, ASubmitThatIsRepeatedCarriesTheSameRequestId) {
  service_.FailSubmits(2, grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection reset"));
  EXPECT_THAT(SubmitJob(connection_, v1::SubmitJobRequest()), IsOk());
  const auto submits = service_.submits();
  ASSERT_EQ(submits.size(), 3u);
  EXPECT_FALSE(submits[0].request_id().empty());
  EXPECT_EQ(submits[0].request_id(), submits[1].request_id());
  EXPECT_EQ(submits[0].request_id(), submits[2].request_id());
}

TEST_F(JobsTest, AGivenRequestIdIsKept) {
  v1::SubmitJobRequest request;
  request.set_request_id("mine");
  EXPECT_THAT(SubmitJob(connection_, request), IsOk());
  EXPECT_EQ(service_.submits().at(0).request_id(), "mine");
}

TEST_F(JobsTest, ASubmitThatIsWrongIsNotRepeated) {
  service_.FailSubmits(1, grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "steps"));
  EXPECT_THAT(SubmitJob(connection_, v1::SubmitJobRequest()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(service_.submits().size(), 1u);
}

TEST_F(JobsTest, AServerThatStaysAwayIsAskedThreeTimes) {
  service_.FailSubmits(100, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  EXPECT_THAT(SubmitJob(connection_, v1::SubmitJobRequest()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(service_.submits().size(), 3u);
}

TEST_F(JobsTest, WaitsAsLongAsTheServerAsksFor) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(250'000'000);
  google::rpc::Status rich;
  rich.add_details()->PackFrom(retry);
  service_.FailSubmits(2,
                       grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full", rich.SerializeAsString()));
  EXPECT_THAT(SubmitJob(connection_, v1::SubmitJobRequest()), IsOk());
  EXPECT_THAT(waits_, ElementsAre(absl::Milliseconds(250), absl::Milliseconds(250)));
}

TEST_F(JobsTest, AListGoesOverAllPagesUpToItsLimit) {
  auto all = ListJobs(connection_, {}, 50);
  ASSERT_THAT(all, IsOk());
  EXPECT_EQ(all->size(), 5u);
  EXPECT_EQ(all->back().name(), "jobs/j4");
}

TEST_F(JobsTest, AnUnknownJobIsNotFound) {
  EXPECT_THAT(GetJob(connection_, "jobs/other"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace timbre::client
