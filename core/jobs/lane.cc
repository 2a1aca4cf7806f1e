#include "core/jobs/lane.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"

namespace timbre::jobs {
namespace {

// Refusals are final; the rest are troubles of the store, which may pass.
bool IsRefusal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsNotFound(status);
}

}  // namespace

class Lane::Run final : public JobContext {
 public:
  Run(std::string id, const Context& context)
      : id_(std::move(id)), context_(context), token_(source_.token()) {}

  const Job& job() const override { return job_; }
  const base::CancelToken& cancel() const override { return token_; }

  absl::Status Emit(const std::string& payload, int64_t step, int64_t steps_total) override {
    absl::Status status = context_.ledger.Report(id_, payload, step, steps_total);
    context_.watchers.Notify(id_);
    return status;
  }

  const std::string& id() const { return id_; }
  void set_job(Job job) { job_ = std::move(job); }
  void Interrupt(const absl::Status& reason) { source_.Cancel(reason); }

 private:
  const std::string id_;
  const Context& context_;
  Job job_;
  base::CancelSource source_;
  const base::CancelToken token_;
};

void Lane::Start() { thread_ = std::thread(&Lane::Loop, this); }

void Lane::Push(const std::string& id) {
  base::MutexLock lock(mutex_);
  queue_.push_back(id);
  changed_.NotifyAll();
}

void Lane::Remove(const std::string& id) {
  base::MutexLock lock(mutex_);
  queue_.erase(std::remove(queue_.begin(), queue_.end(), id), queue_.end());
}

bool Lane::Interrupt(const std::string& id, const absl::Status& reason) {
  std::shared_ptr<Run> run;
  {
    base::MutexLock lock(mutex_);
    queue_.erase(std::remove(queue_.begin(), queue_.end(), id), queue_.end());
    if (current_ != nullptr && current_->id() == id) run = current_;
  }
  if (run == nullptr) return false;
  run->Interrupt(reason);
  return true;
}

void Lane::RequestStop(const absl::Status& reason) {
  std::shared_ptr<Run> run;
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
    run = current_;
  }
  if (run != nullptr) run->Interrupt(reason);
}

void Lane::Join() {
  if (thread_.joinable()) thread_.join();
}

void Lane::Loop() {
  while (const std::shared_ptr<Run> run = TakeNext()) {
    if (Begin(*run)) Finish(*run, RunBody(*run));
    base::MutexLock lock(mutex_);
    current_ = nullptr;
  }
}

std::shared_ptr<Lane::Run> Lane::TakeNext() {
  base::MutexLock lock(mutex_);
  while (!stopping_ && queue_.empty()) changed_.Wait(mutex_);
  if (stopping_) return nullptr;
  current_ = std::make_shared<Run>(std::move(queue_.front()), context_);
  queue_.pop_front();
  return current_;
}

bool Lane::Begin(Run& run) {
  std::optional<absl::Time> queued;
  absl::StatusOr<Job> job = context_.ledger.Advance(run.id(), [&queued](const Job& found) {
    if (found.state == JobState::kQueued) queued = found.update_time;
    return MoveOnBegin(found);
  });
  if (job.ok()) {
    if (queued.has_value() && context_.observer != nullptr)
      context_.observer->OnBegun(job->kind, job->update_time - *queued);
    run.set_job(*std::move(job));
    context_.watchers.Notify(run.id());
    return run.job().state == JobState::kRunning;
  }
  if (IsRefusal(job.status())) return false;
  base::LogError("job {} cannot begin, tried again soon: {}", run.id(), job.status().ToString());
  {
    base::MutexLock lock(mutex_);
    queue_.push_front(run.id());
  }
  WaitToRetry();
  return false;
}

absl::StatusOr<std::string> Lane::RunBody(Run& run) {
  try {
    absl::StatusOr<JobBody> body = context_.codec.MakeBody(run.job());
    if (!body.ok()) return body.status();
    return (*body)(run);
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("the job threw an exception: ", error.what()));
  } catch (...) {
    return absl::InternalError("the job threw something that is no exception");
  }
}

void Lane::Finish(const Run& run, const absl::StatusOr<std::string>& outcome) {
  const auto decide = [&](const Job& job) { return MoveOnEnd(job, outcome, run.cancel().Check()); };
  while (true) {
    const absl::StatusOr<Job> job = context_.ledger.Advance(run.id(), decide);
    context_.watchers.Notify(run.id());
    if (job.ok()) return;
    base::LogError("the end of job {} is not recorded: {}", run.id(), job.status().ToString());
    if (IsRefusal(job.status()) || !WaitToRetry()) return;
  }
}

bool Lane::WaitToRetry() {
  base::MutexLock lock(mutex_);
  if (!stopping_) changed_.WaitFor(mutex_, context_.retry_delay);
  return !stopping_;
}

}  // namespace timbre::jobs
