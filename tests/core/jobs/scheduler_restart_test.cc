#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/random.h"
#include "tests/core/jobs/killed_child.h"
#include "tests/core/jobs/scheduler_fixture.h"
#include "tests/support/temp_dir.h"

namespace timbre::jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

class SchedulerRestartTest : public SchedulerTest {
 protected:
  // Puts a job into the store as a dead process left it.
  std::string Leave(const std::string& kind, const std::vector<JobState>& states) {
    Job job;
    job.kind = kind;
    job.spec = "work";
    auto inserted = store_->Insert(job, nullptr, {"QUEUED queued"});
    EXPECT_THAT(inserted, IsOk());
    for (const JobState state : states) {
      const auto change = [state](Job& changed) {
        changed.state = state;
        return absl::OkStatus();
      };
      EXPECT_THAT(
          store_->Update(inserted->id, change, {std::string(JobStateName(state)) + " by hand"}, clock_.Now()),
          IsOk());
    }
    return inserted->id;
  }
};

TEST_F(SchedulerRestartTest, AStoppedJobStaysRunningAndGoesOnAtTheNextStart) {
  codec_.bodies["work"] = [](JobContext& context) -> absl::StatusOr<std::string> {
    if (context.job().restarts == 1) return std::string("result");
    EXPECT_THAT(context.Emit("snapshot", 3, 10), IsOk());
    const auto stopped = WorkUntilCancelled(context);
    EXPECT_THAT(stopped, StatusIs(absl::StatusCode::kUnavailable));
    return stopped;
  };
  Start();
  const std::string id = Queue("train", "work");
  const std::string waiting = Queue("train", "work");
  AwaitJob(*scheduler_, *store_, id, [](const Job& job) { return job.step == 3; });
  scheduler_->Stop();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job stopped, store_->Get(id));
  EXPECT_EQ(stopped.state, JobState::kRunning);
  EXPECT_THAT(Submit("train", "work"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(scheduler_->Cancel(id), StatusIs(absl::StatusCode::kUnavailable));
  Start();
  const Job job = Await(id, JobState::kSucceeded);
  EXPECT_EQ(job.restarts, 1);
  EXPECT_THAT(Payloads(id),
              ElementsAre("QUEUED queued", "RUNNING started", "snapshot",
                          "RUNNING goes on after an interruption; last reported step 3", "SUCCEEDED done"));
  AwaitJob(*scheduler_, *store_, waiting, [](const Job& other) { return other.step == 3; });
}

TEST_F(SchedulerRestartTest, AHeldSchedulerRunsNothingBeforeItMayBegin) {
  codec_.bodies["work"] = [](JobContext&) -> absl::StatusOr<std::string> { return std::string("result"); };
  const std::string left = Leave("train", {JobState::kRunning});
  Start(/*hold=*/true);
  const std::string queued = Queue("train", "work");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job waits, store_->Get(queued));
  EXPECT_EQ(waits.state, JobState::kQueued);
  scheduler_->Begin();
  EXPECT_EQ(Await(left, JobState::kSucceeded).restarts, 1);
  Await(queued, JobState::kSucceeded);
  Start(/*hold=*/true);  // one that never began can be stopped
  scheduler_->Stop();
}

TEST_F(SchedulerRestartTest, WhatADeadProcessLeftIsTakenOver) {
  Gate go_on;
  codec_.bodies["work"] = [&](JobContext&) -> absl::StatusOr<std::string> {
    go_on.Wait();
    return std::string();
  };
  const std::string queued = Leave("train", {});
  const std::string running = Leave("train", {JobState::kRunning});
  const std::string pausing = Leave("train", {JobState::kRunning, JobState::kPausing});
  const std::string cancelling = Leave("train", {JobState::kRunning, JobState::kCancelling});
  const std::string strange = Leave("bake", {});
  const std::string paused = Leave("train", {JobState::kPaused});
  Start();
  EXPECT_EQ(store_->Get(pausing)->state, JobState::kPaused);
  EXPECT_EQ(store_->Get(cancelling)->state, JobState::kCancelled);
  EXPECT_EQ(store_->Get(paused)->last_sequence, 2) << "nothing happened to it";
  EXPECT_THAT(store_->Get(strange)->error, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bake")));
  EXPECT_EQ(store_->Get(running)->restarts, 1);
  EXPECT_EQ(store_->Get(queued)->state, JobState::kQueued) << "the interrupted one goes first";
  go_on.Open();
  Await(running, JobState::kSucceeded);
  Await(queued, JobState::kSucceeded);
}

TEST_F(SchedulerRestartTest, AnInterruptedJobThatWaitsForItsLaneCanBeCancelledAndPaused) {
  codec_.bodies["work"] = WorkUntilCancelled;
  const std::string first = Leave("train", {JobState::kRunning});
  const std::string second = Leave("probe", {JobState::kRunning});
  const std::string third = Leave("probe", {JobState::kRunning});
  Start();
  TIMBRE_ASSERT_OK_AND_ASSIGN(Job job, scheduler_->Cancel(second));
  EXPECT_EQ(job.state, JobState::kCancelled);
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, scheduler_->Pause(third));
  EXPECT_EQ(job.state, JobState::kPaused);
  EXPECT_THAT(scheduler_->Cancel(first), IsOk());
  Await(first, JobState::kCancelled);
}

constexpr int kSteps = 40;

// Counts from the last committed step on, as a training goes on from its snapshot; tells each step that was
// acknowledged.
JobBody CountBody(int out) {
  return [out](JobContext& context) -> absl::StatusOr<std::string> {
    for (int64_t step = context.job().step + 1; step <= kSteps; ++step) {
      if (!context.cancel().Check().ok()) return context.cancel().Check();
      const absl::Status emitted = context.Emit(absl::StrCat("step ", step), step, kSteps);
      if (!emitted.ok()) return emitted;
      testing::Tell(out, absl::StrCat("S ", context.job().id, " ", step));
    }
    return std::string("counted");
  };
}

struct Service {
  FakeCodec codec;
  std::unique_ptr<JobStore> store;
  std::unique_ptr<Scheduler> scheduler;
};

absl::StatusOr<std::unique_ptr<Service>> Serve(const std::filesystem::path& file, int out) {
  auto service = std::make_unique<Service>();
  service->codec.bodies["count"] = CountBody(out);
  auto database = store::Database::Open(file);
  if (!database.ok()) return database.status();
  auto store = JobStore::Create(*database);
  if (!store.ok()) return store.status();
  service->store = *std::move(store);
  auto scheduler = Scheduler::Start({.lane_of_kind = {{"train", "device"}, {"ingest", "files"}}},
                                    *service->store, service->codec);
  if (!scheduler.ok()) return scheduler.status();
  service->scheduler = *std::move(scheduler);
  return service;
}

// Submits a few jobs, tells what was acknowledged, and works until it is killed.
void SubmitAndWork(const std::filesystem::path& file, int round, int out) {
  auto service = Serve(file, out);
  if (!service.ok()) ::_exit(1);
  for (int i = 0; i < 3; ++i) {
    Job job;
    job.kind = i % 2 == 0 ? "train" : "ingest";
    job.spec = "count";
    job.request_id = absl::StrCat("request-", round, "-", i);
    auto submitted = (*service)->scheduler->Submit(job);
    if (!submitted.ok()) ::_exit(1);
    testing::Tell(out, absl::StrCat("J ", submitted->id));
  }
  while (true) ::pause();
}

TEST(SchedulerKillTest, AfterKill9EveryJobGoesOnWithNoStepLostAndNoneTwice) {
  testing::TempDir folder;
  const auto file = folder / "jobs.db";
  base::Random random({20240611});
  std::map<std::string, int64_t> acknowledged;  // job -> last step
  for (int round = 0; round < 6; ++round) {
    const auto lines = testing::RunAndKill([&](int out) { SubmitAndWork(file, round, out); },
                                           static_cast<int>(random.UniformInt(3, 40)));
    for (const std::string& line : lines) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      int64_t step = 0;
      ASSERT_TRUE(words.at(0) != "S" || absl::SimpleAtoi(words.at(2), &step));
      acknowledged[words.at(1)] = std::max(acknowledged[words.at(1)], step);
    }
  }
  const int null = ::open("/dev/null", O_WRONLY);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto service, Serve(file, null));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto page, service->store->List({}));
  std::set<std::string> requests;
  for (const Job& job : page.jobs) {
    EXPECT_TRUE(requests.insert(job.request_id).second);
    acknowledged[job.id];
  }
  int64_t restarts = 0;
  for (const auto& [id, last_step] : acknowledged) {
    const Job job = AwaitState(*service->scheduler, *service->store, id, JobState::kSucceeded);
    restarts += job.restarts;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto events, service->store->Events(id, 0, 1000));
    ASSERT_EQ(static_cast<int64_t>(events.size()), job.last_sequence);
    int64_t steps = 0;
    for (size_t i = 0; i < events.size(); ++i) {
      ASSERT_EQ(events[i].sequence, static_cast<int64_t>(i) + 1);
      const bool is_step = events[i].payload.rfind("step ", 0) == 0;
      steps += is_step ? 1 : 0;
      ASSERT_TRUE(!is_step || events[i].payload == absl::StrCat("step ", steps)) << events[i].payload;
    }
    EXPECT_EQ(steps, kSteps);
  }
  EXPECT_GT(restarts, 0);
  service->scheduler->Stop();
  ::close(null);
}

}  // namespace
}  // namespace timbre::jobs
