#pragma once

#include <timbre/v1/job_service.grpc.pb.h>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace timbre::client {

// What one call of WatchJob does.
struct WatchScript {
  // Events sent, by their sequence.
  std::vector<int64_t> sequences = {};
  // How the stream ends.
  grpc::Status end = {};
  // It does not end by itself: the connection must break.
  bool hangs = false;
};

// A stream that follows its script.
// States: writing (one event at a time) -> finished, or hanging -> finished when the call is cancelled.
class ScriptedStream : public grpc::ServerWriteReactor<v1::WatchJobResponse> {
 public:
  explicit ScriptedStream(WatchScript script) : script_(std::move(script)) { Next(); }

  void OnWriteDone(bool ok) override { ok ? Next() : FinishOnce(grpc::Status::CANCELLED); }
  void OnCancel() override { FinishOnce(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (sent_ == script_.sequences.size()) {
      if (!script_.hangs) FinishOnce(script_.end);
      return;
    }
    response_.mutable_event()->set_sequence(script_.sequences[sent_++]);
    StartWrite(&response_);
  }

  void FinishOnce(const grpc::Status& status) {
    if (!finished_.exchange(true)) Finish(status);
  }

  const WatchScript script_;
  size_t sent_ = 0;
  v1::WatchJobResponse response_;
  std::atomic<bool> finished_ = false;
};

// A JobService with one job and a script for each call of WatchJob; when the scripts are used up, streams end
// OK.
class ScriptedJobService : public v1::JobService::CallbackService {
 public:
  void Script(std::vector<WatchScript> scripts) { scripts_.assign(scripts.begin(), scripts.end()); }
  void SetJob(const v1::Job& job) { job_ = job; }
  // The next calls of SubmitJob make the job, then answer with this.
  void FailSubmits(int count, const grpc::Status& status) {
    failing_submits_ = count;
    submit_failure_ = status;
  }

  // after_sequence of each call of WatchJob.
  std::vector<int64_t> watched_after() const {
    std::lock_guard lock(mutex_);
    return watched_after_;
  }
  std::vector<v1::SubmitJobRequest> submits() const {
    std::lock_guard lock(mutex_);
    return submits_;
  }

  grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchJob(grpc::CallbackServerContext* /*context*/,
                                                           const v1::WatchJobRequest* request) override {
    std::lock_guard lock(mutex_);
    watched_after_.push_back(request->after_sequence());
    WatchScript script;
    if (!scripts_.empty()) {
      script = scripts_.front();
      scripts_.pop_front();
    }
    return new ScriptedStream(std::move(script));
  }

  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context, const v1::GetJobRequest* request,
                                   v1::GetJobResponse* response) override {
    auto* reactor = context->DefaultReactor();
    const bool known = request->name() == job_.name();
    if (known) *response->mutable_job() = job_;
    reactor->Finish(known ? grpc::Status::OK : grpc::Status(grpc::StatusCode::NOT_FOUND, "no such job"));
    return reactor;
  }

  grpc::ServerUnaryReactor* SubmitJob(grpc::CallbackServerContext* context,
                                      const v1::SubmitJobRequest* request,
                                      v1::SubmitJobResponse* response) override {
    auto* reactor = context->DefaultReactor();
    std::lock_guard lock(mutex_);
    submits_.push_back(*request);
    *response->mutable_job() = job_;
    reactor->Finish(failing_submits_-- > 0 ? submit_failure_ : grpc::Status::OK);
    return reactor;
  }

  // Pages of two.
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context, const v1::ListJobsRequest* request,
                                     v1::ListJobsResponse* response) override {
    auto* reactor = context->DefaultReactor();
    const int first = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    for (int i = first; i < std::min(first + 2, 5); ++i)
      response->add_jobs()->set_name("jobs/j" + std::to_string(i));
    if (first + 2 < 5) response->set_next_page_token(std::to_string(first + 2));
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  mutable std::mutex mutex_;
  v1::Job job_;
  std::deque<WatchScript> scripts_;
  std::vector<int64_t> watched_after_;
  std::vector<v1::SubmitJobRequest> submits_;
  int failing_submits_ = 0;
  grpc::Status submit_failure_;
};

}  // namespace timbre::client
