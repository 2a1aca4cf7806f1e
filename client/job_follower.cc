#include "client/job_follower.h"

#include <timbre/v1/job_service.grpc.pb.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/call.h"
#include "client/status.h"

namespace timbre::client {
namespace {

constexpr int kMaxDubiousTries = 8;

enum class Kind { kFinal, kBroken, kDubious };

Kind Classify(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kCancelled:  // by a server that ends: this side never cancels
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return Kind::kBroken;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return Kind::kDubious;
    default:
      return Kind::kFinal;
  }
}

class Follower {
 public:
  Follower(const Connection& connection, const FollowOptions& options, const FollowCallbacks& callbacks)
      : connection_(connection),
        options_(options),
        callbacks_(callbacks),
        stub_(v1::JobService::NewStub(connection.channel)),
        backoff_(options.backoff),
        last_sequence_(options.after_sequence) {}

  absl::Status Run() {
    while (true) {
      absl::Status status = ReadOneStream();
      if (status.ok()) return status;
      if (GivesUp(status)) return status;
      const absl::Duration wait =
          std::max(backoff_.Next(), RetryDelay(status).value_or(absl::ZeroDuration()));
      if (callbacks_.on_reconnect) callbacks_.on_reconnect(status, wait);
      connection_.sleep(wait);
      waited_ += wait;
    }
  }

 private:
  absl::Status ReadOneStream() {
    grpc::ClientContext context;
    v1::WatchJobRequest request;
    request.set_name(options_.job);
    request.set_after_sequence(last_sequence_);
    const auto stream = stub_->WatchJob(Prepared(connection_, context), request);
    v1::WatchJobResponse response;
    while (stream->Read(&response)) {
      const v1::JobEvent& event = response.event();
      if (event.sequence() <= last_sequence_) continue;
      if (event.sequence() != last_sequence_ + 1) {
        context.TryCancel();
        stream->Finish();
        return absl::DataLossError(
            absl::StrCat("event ", event.sequence(), " came after event ", last_sequence_));
      }
      Deliver(event);
      if (event.sequence() == options_.until_sequence) {
        context.TryCancel();
        stream->Finish();
        return absl::OkStatus();
      }
    }
    return FromGrpcStatus(stream->Finish());
  }

  void Deliver(const v1::JobEvent& event) {
    last_sequence_ = event.sequence();
    waited_ = absl::ZeroDuration();
    dubious_tries_ = 0;
    backoff_.Reset();
    callbacks_.on_event(event);
  }

  bool GivesUp(const absl::Status& status) {
    const Kind kind = Classify(status.code());
    if (kind == Kind::kFinal) return true;
    if (kind == Kind::kDubious && ++dubious_tries_ >= kMaxDubiousTries) return true;
    return waited_ >= options_.give_up_after;
  }

  const Connection& connection_;
  const FollowOptions& options_;
  const FollowCallbacks& callbacks_;
  const std::unique_ptr<v1::JobService::Stub> stub_;
  Backoff backoff_;
  int64_t last_sequence_;
  absl::Duration waited_;
  int dubious_tries_ = 0;
};

}  // namespace

absl::Status FollowJob(const Connection& connection, const FollowOptions& options,
                       const FollowCallbacks& callbacks) {
  return Follower(connection, options, callbacks).Run();
}

}  // namespace timbre::client
