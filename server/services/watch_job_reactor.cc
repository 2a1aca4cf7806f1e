#include "server/services/watch_job_reactor.h"

#include <deque>
#include <string>
#include <utility>

#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"

namespace timbre::services {
namespace {

constexpr int64_t kEventsAtOnce = 100;

// States:
//   BUSY  somebody holds the call: Pump on the pool, or a write is outstanding (OnWriteDone follows)
//   IDLE  all committed events are sent; the next Wake (an event, cancel, drain) makes it BUSY
//   END   Finish was called; OnDone deletes
// A Wake while BUSY is remembered, so no event is missed between reading the store and going IDLE.
class WatchJobReactor final : public grpc::ServerWriteReactor<v1::WatchJobResponse> {
 public:
  WatchJobReactor(const WatchDependencies& deps, grpc::CallbackServerContext& context,
                  const v1::WatchJobRequest& request)
      : deps_(deps),
        record_(deps.runner.environment(), rpc::TimbrePath("JobService/WatchJob"), context),
        last_sequence_(request.after_sequence()) {
    const rpc::CallEnvironment& environment = deps.runner.environment();
    absl::Status status = rpc::CheckAccepting(environment, record_);
    if (status.ok()) status = rpc::HoldMessage(environment, record_, request, hold_);
    if (status.ok()) status = Begin(request);
    if (status.ok()) status = deps_.runner.pool().Schedule([this] { Pump(); });
    if (!status.ok()) End(status);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError("the client went away"));
    ready_.pop_front();
    WriteOrPump();
  }

  void OnCancel() override {
    stop_.Cancel(absl::CancelledError("the client cancelled the call or its deadline passed"));
    Wake();
  }

  void OnDone() override {
    deps_.drain.RemoveCallback(drain_callback_);
    if (watch_id_ != 0) deps_.scheduler.Unwatch(watch_id_);
    delete this;
  }

 private:
  absl::Status Begin(const v1::WatchJobRequest& request) {
    TIMBRE_ASSIGN_OR_RETURN(job_id_, convert::ParseJobName(request.name()));
    if (request.after_sequence() < 0)
      return absl::InvalidArgumentError("after_sequence must not be negative");
    watch_id_ = deps_.scheduler.Watch(job_id_, [this] { Wake(); });
    drain_callback_ = deps_.drain.OnCancel([this] {
      stop_.Cancel(
          absl::UnavailableError("the server is draining; watch again after the last sequence received"));
      Wake();
    });
    return absl::OkStatus();
  }

  // Any thread.
  void Wake() {
    {
      base::MutexLock lock(mutex_);
      woken_ = true;
      if (busy_ || ended_) return;
      busy_ = true;
    }
    SchedulePump();
  }

  void SchedulePump() {
    const absl::Status scheduled = deps_.runner.pool().Continue([this] { Pump(); });
    if (!scheduled.ok()) End(scheduled);
  }

  // Reads the next events; BUSY.
  void Pump() {
    {
      base::MutexLock lock(mutex_);
      woken_ = false;
    }
    absl::Status status = stop_.token().Check();
    if (status.ok()) status = ReadEvents();
    if (!status.ok()) return End(status);
    WriteOrPump();
  }

  absl::Status ReadEvents() {
    // The job before its events: if it is over here, the events read below are all there will be.
    TIMBRE_ASSIGN_OR_RETURN(const jobs::Job job, deps_.store.Get(job_id_));
    TIMBRE_ASSIGN_OR_RETURN(const std::vector<jobs::JobEvent> events,
                            deps_.store.Events(job_id_, last_sequence_, kEventsAtOnce));
    for (const jobs::JobEvent& event : events) {
      v1::WatchJobResponse response;
      TIMBRE_ASSIGN_OR_RETURN(*response.mutable_event(), convert::EventToProto(event));
      ready_.push_back(std::move(response));
      last_sequence_ = event.sequence;
    }
    // A job that was resumed meanwhile has events beyond those that `job` knew of.
    over_ = jobs::IsTerminal(job.state) && (events.empty() || last_sequence_ == job.last_sequence) &&
            last_sequence_ >= job.last_sequence;
    more_ = static_cast<int64_t>(events.size()) == kEventsAtOnce;
    return absl::OkStatus();
  }

  void WriteOrPump() {
    if (const absl::Status stopped = stop_.token().Check(); !stopped.ok()) return End(stopped);
    if (!ready_.empty()) return StartWrite(&ready_.front());
    if (over_) return End(absl::OkStatus());
    {
      base::MutexLock lock(mutex_);
      if (!woken_ && !more_) {
        busy_ = false;
        return;
      }
    }
    SchedulePump();
  }

  void End(const absl::Status& status) {
    {
      base::MutexLock lock(mutex_);
      if (ended_) return;
      ended_ = true;
    }
    Finish(record_.Handled(status));
  }

  const WatchDependencies deps_;
  rpc::CallRecord record_;
  rpc::ByteBudget::Hold hold_;  // of the request: gRPC keeps it for as long as the call lasts
  std::string job_id_;
  int64_t watch_id_ = 0;
  int64_t drain_callback_ = 0;
  base::CancelSource stop_;

  // Held by whoever is BUSY.
  int64_t last_sequence_;
  std::deque<v1::WatchJobResponse> ready_;  // the front one is being written
  bool over_ = false;
  bool more_ = false;

  base::Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = true;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

grpc::ServerWriteReactor<v1::WatchJobResponse>* NewWatchJobReactor(const WatchDependencies& deps,
                                                                   grpc::CallbackServerContext* context,
                                                                   const v1::WatchJobRequest& request) {
  return new WatchJobReactor(deps, *context, request);
}

}  // namespace timbre::services
