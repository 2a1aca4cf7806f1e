#include "core/jobs/scheduler.h"

#include <sqlite3.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "tests/core/jobs/scheduler_fixture.h"

namespace timbre::jobs {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

absl::StatusOr<std::string> Succeed(JobContext&) { return std::string("result"); }

TEST_F(SchedulerTest, AJobRunsAndItsStatesAreEvents) {
  codec_.bodies["work"] = [](JobContext& context) -> absl::StatusOr<std::string> {
    EXPECT_THAT(context.Emit("half way", 5, 10), IsOk());
    return std::string("result");
  };
  Start();
  const std::string id = Queue("train", "work");
  const Job job = Await(id, JobState::kSucceeded);
  EXPECT_EQ(job.result, "result");
  EXPECT_EQ(job.step, 5);
  EXPECT_EQ(job.steps_total, 10);
  EXPECT_EQ(job.restarts, 0);
  EXPECT_EQ(job.create_time, clock_.Now());
  EXPECT_THAT(Payloads(id), ElementsAre("QUEUED queued", "RUNNING started", "half way", "SUCCEEDED done"));
}

TEST_F(SchedulerTest, ErrorsOfABodyAndOfItsMakingAndExceptionsFailTheJob) {
  codec_.bodies["fail"] = [](JobContext&) { return absl::ResourceExhaustedError("disk full"); };
  codec_.bodies["throw"] = [](JobContext&) -> absl::StatusOr<std::string> {
    throw std::runtime_error("oops");
  };
  codec_.bodies["throw int"] = [](JobContext&) -> absl::StatusOr<std::string> { throw 7; };
  Start();
  const std::string fail = Queue("train", "fail");
  EXPECT_THAT(Await(fail, JobState::kFailed).error,
              StatusIs(absl::StatusCode::kResourceExhausted, "disk full"));
  EXPECT_THAT(Payloads(fail).back(), HasSubstr("disk full"));
  EXPECT_THAT(Await(Queue("train", "throw"), JobState::kFailed).error,
              StatusIs(absl::StatusCode::kInternal, HasSubstr("oops")));
  EXPECT_THAT(Await(Queue("train", "throw int"), JobState::kFailed).error,
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Await(Queue("train", "unknown"), JobState::kFailed).error,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown")));
}

TEST_F(SchedulerTest, AnUnknownKindIsRefusedBeforeTheJobExists) {
  Start();
  EXPECT_THAT(Submit("bake", "x"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ingest, probe, train")));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto page, store_->List({}));
  EXPECT_TRUE(page.jobs.empty());
}

TEST_F(SchedulerTest, ARepeatedRequestRunsOnce) {
  std::atomic<int> runs = 0;
  codec_.bodies["work"] = [&](JobContext&) -> absl::StatusOr<std::string> {
    ++runs;
    return std::string();
  };
  Start();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job first, Submit("train", "work", "request"));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job second, Submit("train", "work", "request"));
  EXPECT_EQ(first.id, second.id);
  Await(first.id, JobState::kSucceeded);
  Await(Queue("train", "work"), JobState::kSucceeded);  // the lane has gone through its queue
  EXPECT_EQ(runs, 2);
}

TEST_F(SchedulerTest, JobsOfOneLaneRunInOrderAndLanesSideBySide) {
  Gate go_on;
  std::vector<std::string> order;
  codec_.bodies["first"] = [&](JobContext&) -> absl::StatusOr<std::string> {
    go_on.Wait();
    order.push_back("first");
    return std::string();
  };
  codec_.bodies["second"] = [&](JobContext&) -> absl::StatusOr<std::string> {
    order.push_back("second");
    return std::string();
  };
  codec_.bodies["beside"] = Succeed;
  Start();
  Queue("train", "first");
  const std::string second = Queue("probe", "second");
  Await(Queue("ingest", "beside"), JobState::kSucceeded);
  go_on.Open();
  Await(second, JobState::kSucceeded);
  EXPECT_THAT(order, ElementsAre("first", "second"));
}

TEST_F(SchedulerTest, HowLongAJobWaitedIsToldWhenItBegins) {
  struct Waits final : Observer {
    void OnBegun(const std::string& kind, absl::Duration waited) override {
      base::MutexLock lock(mutex);
      seen.emplace_back(kind, waited);
    }
    base::Mutex mutex;
    std::vector<std::pair<std::string, absl::Duration>> seen ABSL_GUARDED_BY(mutex);
  } waits;
  observer_ = &waits;
  Start();
  Gate gate;
  codec_.bodies["wait"] = [&](JobContext&) -> absl::StatusOr<std::string> {
    gate.Wait();
    return "";
  };
  codec_.bodies["pause"] = WorkUntilCancelled;
  const std::string first = Queue("train", "wait");
  Await(first, JobState::kRunning);
  const std::string second = Queue("probe", "pause");
  clock_.Advance(absl::Seconds(30));
  gate.Open();
  Await(second, JobState::kRunning);
  ASSERT_THAT(scheduler_->Pause(second), IsOk());
  Await(second, JobState::kPaused);
  clock_.Advance(absl::Hours(1));  // paused is not queued
  ASSERT_THAT(scheduler_->Resume(second), IsOk());
  Await(second, JobState::kRunning);
  ASSERT_THAT(scheduler_->Cancel(second), IsOk());
  scheduler_.reset();
  base::MutexLock lock(waits.mutex);
  EXPECT_THAT(waits.seen, ElementsAre(Pair("train", absl::ZeroDuration()), Pair("probe", absl::Seconds(30)),
                                      Pair("probe", absl::ZeroDuration())));
}

TEST_F(SchedulerTest, CancelEndsAQueuedJobAtOnceAndARunningOneWhenItsBodyReturns) {
  codec_.bodies["work"] = WorkUntilCancelled;
  Start();
  const std::string running = Queue("train", "work");
  const std::string queued = Queue("train", "work");
  Await(running, JobState::kRunning);
  TIMBRE_ASSERT_OK_AND_ASSIGN(Job job, scheduler_->Cancel(queued));
  EXPECT_EQ(job.state, JobState::kCancelled);
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, scheduler_->Cancel(running));
  Await(running, JobState::kCancelled);
  EXPECT_THAT(Payloads(running), ElementsAre("QUEUED queued", "RUNNING started",
                                             "CANCELLING cancel requested", "CANCELLED cancelled"));
  EXPECT_THAT(Payloads(queued), ElementsAre("QUEUED queued", "CANCELLED cancelled"));
  EXPECT_THAT(scheduler_->Cancel(running),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("CANCELLED")));
  EXPECT_THAT(scheduler_->Cancel("j000000000000"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SchedulerTest, ABodyThatIsDoneInSpiteOfACancelSucceeds) {
  Gate go_on;
  codec_.bodies["stubborn"] = [&](JobContext&) -> absl::StatusOr<std::string> {
    go_on.Wait();
    return std::string("published");
  };
  Start();
  const std::string id = Queue("train", "stubborn");
  Await(id, JobState::kRunning);
  TIMBRE_ASSERT_OK_AND_ASSIGN(Job job, scheduler_->Cancel(id));
  EXPECT_EQ(job.state, JobState::kCancelling);
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, scheduler_->Cancel(id));
  EXPECT_EQ(job.state, JobState::kCancelling) << "asking twice is asking once";
  go_on.Open();
  EXPECT_EQ(Await(id, JobState::kSucceeded).result, "published");
}

TEST_F(SchedulerTest, CancelsThatRaceWithCompletionsNeverBreakTheTable) {
  codec_.bodies["work"] = [](JobContext& context) -> absl::StatusOr<std::string> {
    for (int i = 0; i < 3; ++i) {
      if (!context.cancel().Check().ok()) return context.cancel().Check();
      EXPECT_THAT(context.Emit("step", i, 3), IsOk());
    }
    return std::string();
  };
  Start();
  for (int round = 0; round < 200; ++round) {
    const std::string id = Queue(round % 2 == 0 ? "train" : "ingest", "work");
    const auto cancelled = scheduler_->Cancel(id);
    if (!cancelled.ok()) {
      EXPECT_THAT(cancelled, StatusIs(absl::StatusCode::kFailedPrecondition));
    }
    const Job job = AwaitJob(*scheduler_, *store_, id, [](const Job& j) { return IsTerminal(j.state); });
    EXPECT_NE(job.state, JobState::kFailed) << job.error;
    EXPECT_TRUE(cancelled.ok() || job.state != JobState::kCancelled);
  }
}

TEST_F(SchedulerTest, APausedJobGoesOnWhenResumed) {
  std::atomic<int> runs = 0;
  codec_.bodies["work"] = [&](JobContext& context) -> absl::StatusOr<std::string> {
    EXPECT_EQ(context.job().restarts, runs);
    if (++runs == 2) return std::string("result");
    EXPECT_THAT(context.Emit("snapshot", 7, 10), IsOk());
    return WorkUntilCancelled(context);
  };
  Start();
  const std::string id = Queue("train", "work");
  AwaitJob(*scheduler_, *store_, id, [](const Job& job) { return job.step == 7; });
  EXPECT_THAT(scheduler_->Resume(id), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("PAUSED")));
  EXPECT_THAT(scheduler_->Pause(id), IsOk());
  Await(id, JobState::kPaused);
  EXPECT_THAT(scheduler_->Resume(id), IsOk());
  const Job job = Await(id, JobState::kSucceeded);
  EXPECT_EQ(job.restarts, 1);
  EXPECT_THAT(
      Payloads(id),
      ElementsAre("QUEUED queued", "RUNNING started", "snapshot", "PAUSING pause requested", "PAUSED paused",
                  "QUEUED resumed; last reported step 7", "RUNNING started", "SUCCEEDED done"));
}

TEST_F(SchedulerTest, AQueuedJobIsPausedAtOnceAndAPausedOneCancelled) {
  codec_.bodies["work"] = WorkUntilCancelled;
  Start();
  const std::string running = Queue("train", "work");
  const std::string queued = Queue("train", "work");
  TIMBRE_ASSERT_OK_AND_ASSIGN(Job job, scheduler_->Pause(queued));
  EXPECT_EQ(job.state, JobState::kPaused);
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, scheduler_->Resume(queued));
  EXPECT_EQ(job.state, JobState::kQueued);
  EXPECT_EQ(job.restarts, 0) << "it had not started";
  EXPECT_THAT(scheduler_->Pause(queued), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(job, scheduler_->Cancel(queued));
  EXPECT_EQ(job.state, JobState::kCancelled);
  EXPECT_THAT(scheduler_->Pause(queued), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(scheduler_->Cancel(running), IsOk());
  Await(running, JobState::kCancelled);
}

TEST_F(SchedulerTest, AFailedJobIsResumedOnlyFromASnapshot) {
  std::atomic<bool> broken = true;
  codec_.bodies["work"] = [&](JobContext&) -> absl::StatusOr<std::string> {
    if (broken) return absl::InternalError("broken");
    return std::string();
  };
  Start();
  const std::string id = Queue("train", "work");
  Await(id, JobState::kFailed);
  EXPECT_THAT(scheduler_->Resume(id), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("snapshot")));
  codec_.can_resume = [](const Job&) { return true; };
  broken = false;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Job job, scheduler_->Resume(id));
  EXPECT_THAT(job.error, IsOk());
  Await(id, JobState::kSucceeded);
  EXPECT_THAT(scheduler_->Resume(id), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SchedulerTest, WatchersSeeEveryEventOfConcurrentEmittersExactlyOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  codec_.bodies["work"] = [](JobContext& context) -> absl::StatusOr<std::string> {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&context] {
        for (int i = 0; i < kEach; ++i) EXPECT_THAT(context.Emit("step", i, kEach), IsOk());
      });
    }
    for (auto& thread : threads) thread.join();
    return std::string();
  };
  Start();
  struct Watcher {
    base::Mutex mutex;
    int64_t seen ABSL_GUARDED_BY(mutex) = 0;
  };
  Watcher watchers[3];
  Gate go_on;
  codec_.bodies["wait"] = [&](JobContext&) -> absl::StatusOr<std::string> {
    go_on.Wait();
    return std::string();
  };
  Queue("train", "wait");
  const std::string id = Queue("train", "work");
  std::vector<int64_t> watches;
  for (Watcher& watcher : watchers) {
    watches.push_back(scheduler_->Watch(id, [&] {  // reads the store from within the listener
      base::MutexLock lock(watcher.mutex);
      auto events = store_->Events(id, watcher.seen, 1000);
      ASSERT_THAT(events, IsOk());
      for (const JobEvent& event : *events) ASSERT_EQ(event.sequence, ++watcher.seen);
    }));
  }
  go_on.Open();
  const Job job = Await(id, JobState::kSucceeded);
  scheduler_->Stop();  // the last listeners have returned
  EXPECT_EQ(job.last_sequence, 3 + kThreads * kEach);
  for (Watcher& watcher : watchers) {
    base::MutexLock lock(watcher.mutex);
    EXPECT_EQ(watcher.seen, job.last_sequence);
  }
  for (const int64_t watch : watches) scheduler_->Unwatch(watch);
}

TEST_F(SchedulerTest, AListenerMayCallTheSchedulerBack) {
  codec_.bodies["work"] = WorkUntilCancelled;
  Start();
  const std::string running = Queue("train", "work");
  const std::string queued = Queue("train", "work");
  Await(running, JobState::kRunning);
  Gate done;
  const int64_t watch = scheduler_->Watch(queued, [&] {
    EXPECT_THAT(scheduler_->Cancel(running), IsOk());
    done.Open();
  });
  EXPECT_THAT(scheduler_->Cancel(queued), IsOk());
  done.Wait();
  scheduler_->Unwatch(watch);
  Await(running, JobState::kCancelled);
}

TEST_F(SchedulerTest, AStoreThatCannotCommitForAWhileLosesNeitherBeginningNorEnd) {
  codec_.bodies["work"] = Succeed;
  std::atomic<int> refused = 0;
  ASSERT_THAT(database_->Transaction([&](SQLite::Database& db) {
    // Refuses the first three updates of a job that begins, and of one that ends.
    const auto trouble = [](sqlite3_context* context, int, sqlite3_value**) {
      auto& count = *static_cast<std::atomic<int>*>(sqlite3_user_data(context));
      if (count++ % 4 != 3) sqlite3_result_error(context, "no room", -1);
    };
    db.createFunction("trouble", 0, false, &refused, trouble);
    db.exec(
        "CREATE TEMP TRIGGER refuse BEFORE UPDATE ON jobs WHEN new.state <> old.state BEGIN SELECT "
        "trouble(); END");
    return absl::OkStatus();
  }),
              IsOk());
  Start();
  const std::string id = Queue("train", "work");
  EXPECT_EQ(Await(id, JobState::kSucceeded).result, "result");
  EXPECT_EQ(refused, 8);
  EXPECT_THAT(Payloads(id), ElementsAre("QUEUED queued", "RUNNING started", "SUCCEEDED done"));
}

}  // namespace
}  // namespace timbre::jobs
