#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "core/base/cancel_token.h"
#include "core/base/status_macros.h"
#include "server/rpc/call.h"
#include "server/rpc/guarded.h"
#include "server/rpc/stream_lease.h"
#include "server/rpc/unary.h"

namespace timbre::services {

// The reactor under a client stream whose messages go to a session that may block on the disk:
//   absl::Status Session::Take(const Request&);       the next message
//   absl::Status Session::Finish(const rpc::CallRecord& record, Response* response);  no more will come
// The session goes with the call, and takes along what it staged. The reactor deletes itself.
// States: READ a read is outstanding (OnReadDone) · WORK the session has the message, on the pool · END
// Finish was called. While the session works nothing is read, so a slow disk holds the client back.
template <typename Session, typename Request, typename Response>
class ClientStreamReactor final : public grpc::ServerReadReactor<Request> {
 public:
  struct Call {
    const rpc::UnaryRunner& runner;
    const char* method;  // "Service/Method"
    grpc::CallbackServerContext& context;
    Response* response;
  };

  template <typename... SessionArguments>
  explicit ClientStreamReactor(const Call& call, SessionArguments&&... arguments)
      : runner_(call.runner),
        record_(call.runner.environment(), rpc::TimbrePath(call.method), call.context),
        response_(call.response),
        session_(std::forward<SessionArguments>(arguments)...),
        lease_(call.context, cancel_, call.runner.environment().max_stream) {
    const absl::Status accepting = Enter();
    if (accepting.ok()) {
      this->StartRead(&request_);
    } else {
      End(accepting);
    }
  }

  void OnReadDone(bool ok) override {
    // A stream that broke is no end of an upload: only a client that closed its side has sent all.
    if (const absl::Status cancelled = cancel_.token().Check(); !cancelled.ok()) return End(cancelled);
    if (ok) {
      const absl::Status held = rpc::HoldMessage(runner_.environment(), record_, request_, hold_);
      if (!held.ok()) return End(held);
    }
    const auto work = [this, ok] { ok ? TakeMessage() : CloseSession(); };
    // Before the work, which may bring the next message about.
    const bool begun = std::exchange(begun_, true);
    const absl::Status scheduled = begun ? runner_.pool().Continue(work) : runner_.pool().Schedule(work);
    if (!scheduled.ok()) End(scheduled);
  }

  void OnCancel() override {
    cancel_.Cancel(absl::CancelledError("the client cancelled the call or its deadline passed"));
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Enter() {
    TIMBRE_RETURN_IF_ERROR(rpc::CheckAccepting(runner_.environment(), record_));
    TIMBRE_ASSIGN_OR_RETURN(place_,
                            runner_.environment().gate.quotas().BeginUpload(record_.caller().account));
    return absl::OkStatus();
  }

  void TakeMessage() {
    const absl::Status taken = rpc::Guarded([this] { return session_.Take(request_); });
    if (!taken.ok()) return End(taken);
    hold_.Release();
    this->StartRead(&request_);
  }

  void CloseSession() {
    if (const absl::Status cancelled = cancel_.token().Check(); !cancelled.ok()) return End(cancelled);
    End(rpc::Guarded([this] { return session_.Finish(record_, response_); }));
  }

  void End(const absl::Status& status) { this->Finish(record_.Handled(status)); }

  const rpc::UnaryRunner& runner_;
  rpc::CallRecord record_;
  Response* const response_;
  base::CancelSource cancel_;
  Session session_;
  rpc::StreamLease lease_;
  std::shared_ptr<void> place_;  // among the client's uploads
  rpc::ByteBudget::Hold hold_;   // of the message that the session has
  Request request_;
  bool begun_ = false;  // a call that was accepted is not refused half-way
};

}  // namespace timbre::services
