#include "core/jobs/scheduler.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/exhausted.h"
#include "core/base/status_macros.h"
#include "core/jobs/lane.h"
#include "core/jobs/ledger.h"
#include "core/jobs/watch_hub.h"

namespace timbre::jobs {

class Scheduler::Impl {
 public:
  Impl(Options options, JobStore& store, JobCodec& codec)
      : options_(std::move(options)),
        codec_(codec),
        ledger_(store, codec, options_.clock == nullptr ? base::Clock::System() : *options_.clock) {
    for (const auto& [kind, lane] : options_.lane_of_kind) {
      if (lanes_.count(lane) > 0) continue;
      lanes_.emplace(lane, std::make_unique<Lane>(Lane::Context{ledger_, codec_, watchers_,
                                                                options_.retry_delay, options_.observer}));
    }
  }

  absl::Status TakeOver() {
    TIMBRE_ASSIGN_OR_RETURN(std::vector<Job> jobs, Unfinished());
    // Those that ran before come first: they were first when the process died.
    std::stable_partition(jobs.begin(), jobs.end(),
                          [](const Job& job) { return job.state != JobState::kQueued; });
    for (const Job& job : jobs) {
      TIMBRE_ASSIGN_OR_RETURN(const Job now, ledger_.Advance(job.id, MoveOnTakeOver));
      if (now.state != JobState::kQueued && now.state != JobState::kRunning) continue;
      if (Lane* lane = LaneOf(now.kind); lane != nullptr) {
        lane->Push(now.id);
        continue;
      }
      const auto fail = [&](const Job& job_on_disk) -> NextMove {
        return Move{.to = JobState::kFailed, .message = "failed", .error = UnknownKind(job_on_disk.kind)};
      };
      TIMBRE_RETURN_IF_ERROR(ledger_.Advance(now.id, fail).status());
    }
    if (!options_.hold) Begin();
    return absl::OkStatus();
  }

  void Begin() {
    for (auto& [name, lane] : lanes_) lane->Start();
  }

  absl::StatusOr<Job> Submit(Job job) {
    if (LaneOf(job.kind) == nullptr) return UnknownKind(job.kind);
    return Told([&]() -> absl::StatusOr<Job> {
      bool existed = false;
      const int64_t most = MostUnfinished(job.client);
      absl::StatusOr<Job> submitted = ledger_.Insert(std::move(job), most, &existed);
      TellIfOverQuota(submitted.status());
      if (!submitted.ok()) return submitted;
      if (!existed) LaneOf(submitted->kind)->Push(submitted->id);
      return submitted;
    });
  }

  absl::StatusOr<Job> Interrupt(const std::string& id, const Ledger::Decision& decide, const char* reason) {
    return Told([&]() -> absl::StatusOr<Job> {
      TIMBRE_ASSIGN_OR_RETURN(Job job, ledger_.Advance(id, decide));
      Lane* lane = LaneOf(job.kind);
      if (job.state != JobState::kPausing && job.state != JobState::kCancelling) {
        if (lane != nullptr) lane->Remove(id);
        return job;
      }
      // A new run of the job cannot begin between the commit and this: Resume waits for control_.
      if (lane != nullptr && lane->Interrupt(id, absl::CancelledError(reason))) return job;
      return ledger_.Advance(id, MoveWithoutBody);
    });
  }

  absl::StatusOr<Job> Resume(const std::string& id) {
    return Told([&]() -> absl::StatusOr<Job> {
      TIMBRE_ASSIGN_OR_RETURN(const Job seen, ledger_.store().Get(id));
      TIMBRE_RETURN_IF_ERROR(CheckResumable(seen));
      if (IsTerminal(seen.state)) {
        // Under control_, so that nobody else's job comes between.
        const absl::Status room = ledger_.store().CheckQuota(seen.client, MostUnfinished(seen.client));
        TellIfOverQuota(room);
        TIMBRE_RETURN_IF_ERROR(room);
      }
      const auto decide = [&seen](const Job& job) -> NextMove {
        // CanResume may read files, so it was asked before the transaction.
        if (job.state != seen.state) return absl::AbortedError("the job has just changed; look at it again");
        return MoveOnResume(job);
      };
      TIMBRE_ASSIGN_OR_RETURN(Job job, ledger_.Advance(id, decide));
      LaneOf(job.kind)->Push(id);
      return job;
    });
  }

  void Stop() {
    std::call_once(stop_once_, [this] {
      {
        base::MutexLock lock(control_);
        stopped_ = true;
      }
      for (auto& [name, lane] : lanes_) lane->RequestStop(absl::UnavailableError("the server stops"));
      for (auto& [name, lane] : lanes_) lane->Join();
    });
  }

  WatchHub& watchers() { return watchers_; }

 private:
  // Runs a request under control_, then wakes the job's watchers outside of it: they may call back.
  template <typename Request>
  absl::StatusOr<Job> Told(const Request& request) {
    absl::StatusOr<Job> job = absl::UnavailableError("the server stops; try again when it is back");
    {
      base::MutexLock lock(control_);
      if (!stopped_) job = request();
    }
    if (job.ok()) watchers_.Notify(job->id);
    return job;
  }

  absl::StatusOr<std::vector<Job>> Unfinished() {
    JobStore::ListOptions page;
    page.states = {JobState::kQueued, JobState::kRunning, JobState::kPausing, JobState::kCancelling};
    page.page_size = 1000;
    std::vector<Job> jobs;
    JobStore::Page listed;
    do {
      TIMBRE_ASSIGN_OR_RETURN(listed, ledger_.store().List(page));
      std::move(listed.jobs.begin(), listed.jobs.end(), std::back_inserter(jobs));
      if (listed.more) page.before_id = jobs.back().id;
    } while (listed.more);
    std::reverse(jobs.begin(), jobs.end());  // oldest first
    return jobs;
  }

  int64_t MostUnfinished(const std::string& client) const {
    return options_.max_unfinished_of ? options_.max_unfinished_of(client) : 0;
  }

  void TellIfOverQuota(const absl::Status& status) const {
    const bool over = base::ExhaustedCauseOf(status) == base::Exhausted::kQuota;
    if (over && options_.on_over_quota) options_.on_over_quota();
  }

  absl::Status CheckResumable(const Job& job) {
    TIMBRE_RETURN_IF_ERROR(MoveOnResume(job).status());
    if (LaneOf(job.kind) == nullptr) return UnknownKind(job.kind);
    if (IsTerminal(job.state) && !codec_.CanResume(job)) {
      return absl::FailedPreconditionError(
          absl::StrCat("job '", job.id, "' is ", JobStateName(job.state),
                       " and has no snapshot to go on from; submit it anew"));
    }
    return absl::OkStatus();
  }

  Lane* LaneOf(const std::string& kind) const {
    const auto name = options_.lane_of_kind.find(kind);
    return name == options_.lane_of_kind.end() ? nullptr : lanes_.at(name->second).get();
  }

  absl::Status UnknownKind(const std::string& kind) const {
    const auto name = [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); };
    return absl::InvalidArgumentError(absl::StrCat("this server runs no jobs of kind '", kind, "'; it runs ",
                                                   absl::StrJoin(options_.lane_of_kind, ", ", name)));
  }

  const Options options_;
  JobCodec& codec_;
  WatchHub watchers_;
  Ledger ledger_;
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
  std::once_flag stop_once_;
  base::Mutex control_;  // one request after another
  bool stopped_ ABSL_GUARDED_BY(control_) = false;
};

Scheduler::Scheduler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scheduler::~Scheduler() { Stop(); }

absl::StatusOr<std::unique_ptr<Scheduler>> Scheduler::Start(Options options, JobStore& store,
                                                            JobCodec& codec) {
  auto impl = std::make_unique<Impl>(std::move(options), store, codec);
  TIMBRE_RETURN_IF_ERROR(impl->TakeOver());
  return std::unique_ptr<Scheduler>(new Scheduler(std::move(impl)));
}

absl::StatusOr<Job> Scheduler::Submit(Job job) { return impl_->Submit(std::move(job)); }
absl::StatusOr<Job> Scheduler::Cancel(const std::string& id) {
  return impl_->Interrupt(id, MoveOnCancel, "the job was cancelled");
}
absl::StatusOr<Job> Scheduler::Pause(const std::string& id) {
  return impl_->Interrupt(id, MoveOnPause, "the job was paused");
}
absl::StatusOr<Job> Scheduler::Resume(const std::string& id) { return impl_->Resume(id); }

int64_t Scheduler::Watch(const std::string& id, std::function<void()> listener) {
  return impl_->watchers().Watch(id, std::move(listener));
}
void Scheduler::Unwatch(int64_t watch_id) { impl_->watchers().Unwatch(watch_id); }
void Scheduler::Begin() { impl_->Begin(); }
void Scheduler::Stop() { impl_->Stop(); }

}  // namespace timbre::jobs
