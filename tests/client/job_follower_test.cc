#include "client/job_follower.h"

#include <memory>

#include "tests/client/scripted_job_service.h"
#include "tests/client/test_server.h"
#include "tests/support/matchers.h"

namespace timbre::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

const grpc::Status kBroken(grpc::StatusCode::UNAVAILABLE, "the server drains");

class JobFollowerTest : public ::testing::Test {
 protected:
  absl::Status Follow(FollowOptions options = {}) {
    options.job = "jobs/j1";
    options.backoff.jitter = 0;
    Connection connection = server_.Connect();
    connection.sleep = [this](absl::Duration wait) { waits_.push_back(wait); };
    return FollowJob(connection, options,
                     {.on_event = [this](const v1::JobEvent& event) { seen_.push_back(event.sequence()); },
                      .on_reconnect = [this](const absl::Status&, absl::Duration) { ++reconnects_; }});
  }

  ScriptedJobService service_;
  TestServer server_{&service_};
  std::vector<int64_t> seen_;
  std::vector<absl::Duration> waits_;
  int reconnects_ = 0;
};

TEST_F(JobFollowerTest, AWholeStreamIsDeliveredInOrder) {
  service_.Script({{.sequences = {1, 2, 3}}});
  EXPECT_THAT(Follow(), IsOk());
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3));
  EXPECT_EQ(reconnects_, 0);
}

TEST_F(JobFollowerTest, ABrokenStreamGoesOnAfterTheLastEventDelivered) {
  service_.Script(
      {{.sequences = {1, 2}, .end = kBroken}, {.sequences = {3}, .end = kBroken}, {.sequences = {4, 5}}});
  EXPECT_THAT(Follow(), IsOk());
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(service_.watched_after(), ElementsAre(0, 2, 3));
  EXPECT_EQ(reconnects_, 2);
}

TEST_F(JobFollowerTest, WhatIsSentTwiceIsDeliveredOnce) {
  service_.Script({{.sequences = {1, 2, 3}, .end = kBroken}, {.sequences = {2, 3, 4}}});
  EXPECT_THAT(Follow(), IsOk());
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3, 4));
}

TEST_F(JobFollowerTest, AGapCountsAsABrokenStream) {
  service_.Script({{.sequences = {1, 3}}, {.sequences = {2, 3}}});
  EXPECT_THAT(Follow(), IsOk());
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3));
  EXPECT_THAT(service_.watched_after(), ElementsAre(0, 1));
}

TEST_F(JobFollowerTest, BeginsWhereItIsTold) {
  service_.Script({{.sequences = {8, 9}}});
  EXPECT_THAT(Follow({.after_sequence = 7}), IsOk());
  EXPECT_THAT(service_.watched_after(), ElementsAre(7));
  EXPECT_THAT(seen_, ElementsAre(8, 9));
}

TEST_F(JobFollowerTest, EndsAfterTheEventItIsTold) {
  service_.Script({{.sequences = {1}, .end = kBroken}, {.sequences = {2, 3}, .hangs = true}});
  EXPECT_THAT(Follow({.until_sequence = 3}), IsOk());
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3));
}

TEST_F(JobFollowerTest, WaitsLongerEachTimeAndBeginsAnewAfterAnEvent) {
  service_.Script(
      {{.end = kBroken}, {.end = kBroken}, {.sequences = {1}, .end = kBroken}, {.sequences = {2}}});
  FollowOptions options;
  options.backoff = {.initial = absl::Seconds(1), .max = absl::Seconds(60), .multiplier = 2};
  EXPECT_THAT(Follow(options), IsOk());
  EXPECT_THAT(waits_, ElementsAre(absl::Seconds(1), absl::Seconds(2), absl::Seconds(1)));
}

TEST_F(JobFollowerTest, GivesUpAtOnceOnAJobThatDoesNotExist) {
  service_.Script({{.end = grpc::Status(grpc::StatusCode::NOT_FOUND, "no job j1")}});
  EXPECT_THAT(Follow(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("j1")));
  EXPECT_TRUE(waits_.empty());
}

TEST_F(JobFollowerTest, GivesUpWhenTheServerStaysAwayTooLong) {
  service_.Script(std::vector<WatchScript>(20, {.end = kBroken}));
  FollowOptions options{.give_up_after = absl::Seconds(10)};
  options.backoff = {.initial = absl::Seconds(4), .multiplier = 1};
  EXPECT_THAT(Follow(options), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(waits_.size(), 3u);
}

TEST_F(JobFollowerTest, GivesUpOnAServerThatFailsTheSameWayAgainAndAgain) {
  service_.Script(std::vector<WatchScript>(20, {.end = grpc::Status(grpc::StatusCode::INTERNAL, "a bug")}));
  EXPECT_THAT(Follow(), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(waits_.size(), 7u);
}

TEST_F(JobFollowerTest, SurvivesAServerThatDiesAndComesBack) {
  auto first = std::make_unique<ScriptedJobService>();
  first->Script({{.sequences = {1, 2}, .hangs = true}});
  auto server = std::make_unique<TestServer>(std::initializer_list<grpc::Service*>{first.get()});
  ScriptedJobService second;
  second.Script({{.sequences = {3}}});
  std::unique_ptr<TestServer> reborn;
  Connection connection = server->Connect();
  connection.sleep = [&](absl::Duration) {
    if (reborn == nullptr) {
      reborn = std::make_unique<TestServer>(std::initializer_list<grpc::Service*>{&second}, server->port());
    }
    auto* channel = static_cast<grpc::Channel*>(connection.channel.get());
    channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30));
  };
  const auto on_event = [&](const v1::JobEvent& event) {
    seen_.push_back(event.sequence());
    if (event.sequence() == 2) server->Stop();
  };
  EXPECT_THAT(FollowJob(connection, {.job = "jobs/j1"}, {.on_event = on_event}), IsOk());
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3));
  EXPECT_THAT(second.watched_after(), ElementsAre(2));
}

}  // namespace
}  // namespace timbre::client
