#include "client/trace.h"

#include <cstdlib>
#include <mutex>

#include "client/job_follower.h"
#include "client/jobs.h"
#include "tests/client/test_server.h"
#include "tests/support/matchers.h"
#include "timbre/v1/job_service.grpc.pb.h"

namespace timbre::client {
namespace {

using ::testing::Each;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// Notes the traceparent of each call.
class NotingService : public v1::JobService::Service {
 public:
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest*, v1::GetJobResponse*) override {
    Note(*context);
    return grpc::Status::OK;
  }
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest*,
                        grpc::ServerWriter<v1::WatchJobResponse>*) override {
    Note(*context);
    return grpc::Status::OK;
  }
  std::vector<std::string> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void Note(const grpc::ServerContext& context) {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = context.client_metadata().equal_range("traceparent");
    for (auto it = first; it != last; ++it) seen_.emplace_back(it->second.data(), it->second.size());
  }
  mutable std::mutex mutex_;
  std::vector<std::string> seen_;
};

class TraceTest : public ::testing::Test {
 protected:
  ~TraceTest() override { ::unsetenv("TRACEPARENT"); }
};

TEST_F(TraceTest, TheEnvironmentsTraceIsTakenAndElseANewOneMade) {
  ::setenv("TRACEPARENT", kTraceparent, 1);
  EXPECT_EQ(TraceparentOfProgram(), kTraceparent);
  for (const char* bad : {"", "garbage", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"}) {
    ::setenv("TRACEPARENT", bad, 1);
    EXPECT_THAT(TraceparentOfProgram(), MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
  }
  ::unsetenv("TRACEPARENT");
  EXPECT_NE(TraceparentOfProgram(), TraceparentOfProgram());
}

TEST_F(TraceTest, UnaryCallsAndStreamsCarryTheTraceOfTheirConnection) {
  NotingService service;
  TestServer server({&service});
  Connection connection = server.Connect();
  EXPECT_THAT(GetJob(connection, "jobs/j1"), testing::IsOk());
  EXPECT_THAT(service.seen(), SizeIs(0));
  connection.traceparent = kTraceparent;
  EXPECT_THAT(GetJob(connection, "jobs/j1"), testing::IsOk());
  EXPECT_THAT(FollowJob(connection, {.job = "jobs/j1"}, {}), testing::IsOk());
  EXPECT_THAT(service.seen(), SizeIs(2));
  EXPECT_THAT(service.seen(), Each(std::string(kTraceparent)));
}

}  // namespace
}  // namespace timbre::client
