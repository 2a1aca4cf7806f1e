#pragma once

// What the scheduler's tests share: bodies by name, and waits for a job without sleeping.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "core/jobs/scheduler.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/matchers.h"

namespace timbre::jobs {

// The spec names the body. State events read "STATE message".
class FakeCodec final : public JobCodec {
 public:
  std::map<std::string, JobBody> bodies;
  std::function<bool(const Job&)> can_resume = [](const Job&) { return false; };

  absl::StatusOr<JobBody> MakeBody(const Job& job) override {
    const auto body = bodies.find(job.spec);
    if (body == bodies.end()) return absl::InvalidArgumentError("no body called " + job.spec);
    return body->second;
  }
  std::string StatePayload(JobState state, const absl::Status& error, const std::string& message) override {
    return std::string(JobStateName(state)) + " " + (error.ok() ? message : std::string(error.message()));
  }
  bool CanResume(const Job& job) override { return can_resume(job); }
};

// Opens once; waiting threads go on.
class Gate {
 public:
  void Open() {
    base::MutexLock lock(mutex_);
    open_ = true;
    opened_.NotifyAll();
  }
  void Wait() {
    base::MutexLock lock(mutex_);
    while (!open_) opened_.Wait(mutex_);
  }

 private:
  base::Mutex mutex_;
  base::Condition opened_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

// A body that works until its token fires, and returns what the token says.
inline absl::StatusOr<std::string> WorkUntilCancelled(JobContext& context) {
  Gate fired;
  const int64_t id = context.cancel().OnCancel([&fired] { fired.Open(); });
  fired.Wait();
  context.cancel().RemoveCallback(id);
  return context.cancel().Check();
}

// Blocks until the job on disk satisfies `condition`; woken by the scheduler's commits.
inline Job AwaitJob(Scheduler& scheduler, JobStore& store, const std::string& id,
                    const std::function<bool(const Job&)>& condition) {
  base::Mutex mutex;
  base::Condition changed;
  int64_t news = 1;
  const int64_t watch = scheduler.Watch(id, [&] {
    base::MutexLock lock(mutex);
    ++news;
    changed.NotifyAll();
  });
  Job job;
  while (true) {
    {
      base::MutexLock lock(mutex);
      while (news == 0) changed.Wait(mutex);
      news = 0;
    }
    auto now = store.Get(id);
    EXPECT_THAT(now, testing::IsOk());
    if (!now.ok()) break;
    job = *now;
    if (condition(job)) break;
  }
  scheduler.Unwatch(watch);
  return job;
}

inline Job AwaitState(Scheduler& scheduler, JobStore& store, const std::string& id, JobState state) {
  return AwaitJob(scheduler, store, id, [state](const Job& job) { return job.state == state; });
}

class SchedulerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TIMBRE_ASSERT_OK_AND_ASSIGN(database_, store::Database::OpenInMemoryForTest());
    TIMBRE_ASSERT_OK_AND_ASSIGN(store_, JobStore::Create(database_));
  }

  void Start(bool hold = false) {
    Scheduler::Options options;
    options.hold = hold;
    options.lane_of_kind = {{"train", "device"}, {"probe", "device"}, {"ingest", "files"}};
    options.clock = &clock_;
    options.retry_delay = absl::Milliseconds(1);
    options.observer = observer_;
    options.max_unfinished_of = [this](const std::string&) { return max_unfinished_; };
    options.on_over_quota = [this] { ++over_quota_; };
    TIMBRE_ASSERT_OK_AND_ASSIGN(scheduler_, Scheduler::Start(options, *store_, codec_));
  }

  absl::StatusOr<Job> Submit(const std::string& kind, const std::string& spec,
                             const std::string& request_id = "") {
    Job job;
    job.kind = kind;
    job.spec = spec;
    job.request_id = request_id;
    return scheduler_->Submit(job);
  }
  // The id of a job that was accepted.
  std::string Queue(const std::string& kind, const std::string& spec) {
    auto job = Submit(kind, spec);
    EXPECT_THAT(job, testing::IsOk());
    return job.ok() ? job->id : "";
  }
  Job Await(const std::string& id, JobState state) { return AwaitState(*scheduler_, *store_, id, state); }

  std::vector<std::string> Payloads(const std::string& id) {
    std::vector<std::string> payloads;
    auto events = store_->Events(id, 0, 1'000'000);
    EXPECT_THAT(events, testing::IsOk());
    for (const JobEvent& event : *events) {
      payloads.push_back(event.payload);
      EXPECT_EQ(event.sequence, static_cast<int64_t>(payloads.size()));
    }
    return payloads;
  }

  Observer* observer_ = nullptr;
  int64_t max_unfinished_ = 0;  // of a client; 0: no limit
  int over_quota_ = 0;
  fakes::FakeClock clock_;
  FakeCodec codec_;
  std::shared_ptr<store::Database> database_;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace timbre::jobs
