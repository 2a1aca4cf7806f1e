#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "core/base/cancel_token.h"
#include "core/base/executor.h"
#include "server/rpc/call.h"
#include "server/rpc/guarded.h"
#include "server/rpc/status.h"

namespace timbre::rpc {

// Ends a unary call; may be called on any thread, exactly once.
using UnaryDone = std::function<void(absl::Status)>;

// The reactor under every unary RPC: cancel, status, latency and log in one place. Deletes itself when gRPC
// is done with it.
class UnaryReactor final : public grpc::ServerUnaryReactor {
 public:
  UnaryReactor(const CallEnvironment& environment, const std::string& method,
               grpc::CallbackServerContext& context)
      : record_(environment, TimbrePath(method), context) {
    call_.caller = record_.caller();
    call_.priority = security::MetadataOf(context, "timbre-priority");
    call_.deadline = DeadlineOf(context, environment.default_deadline);
    call_.cancel = cancel_.token();
    call_.record = &record_;
  }

  const CallContext& call() const { return call_; }
  const CallRecord& record() const { return record_; }

  void End(const absl::Status& status) { Finish(record_.Handled(status)); }

  // Counts the request for as long as the call lasts.
  absl::Status HoldRequest(const CallEnvironment& environment, const google::protobuf::Message& request) {
    return HoldMessage(environment, record_, request, hold_);
  }

  void OnCancel() override {
    cancel_.Cancel(absl::CancelledError("the client cancelled the call or its deadline passed"));
  }
  void OnDone() override { delete this; }

 private:
  CallRecord record_;
  ByteBudget::Hold hold_;
  base::CancelSource cancel_;
  CallContext call_;
};

// Runs handlers of unary RPCs. A handler may block: it runs on `pool`, never on a gRPC thread.
//   return runner_.Run("JobService/GetJob", context, *request, [this, request, response](const CallContext&)
//   {
//   ... return status; });
// Threads: safe.
class UnaryRunner {
 public:
  UnaryRunner(const CallEnvironment& environment, base::Executor& pool)
      : environment_(environment), pool_(pool) {}

  const CallEnvironment& environment() const { return environment_; }
  base::Executor& pool() const { return pool_; }

  grpc::ServerUnaryReactor* Run(const char* method, grpc::CallbackServerContext* context,
                                const google::protobuf::Message& request,
                                std::function<absl::Status(const CallContext&)> handler) const {
    return RunAsync(method, context, request,
                    [&pool = pool_, handler = std::move(handler)](const CallContext& call, UnaryDone done) {
                      auto shared_done = std::make_shared<UnaryDone>(std::move(done));
                      const absl::Status scheduled = pool.Schedule(
                          [handler, call, shared_done] { (*shared_done)(RunGuarded(handler, call)); });
                      if (!scheduled.ok()) (*shared_done)(scheduled);
                    });
  }

  // For handlers that answer later: they return at once and call `done` when they are.
  grpc::ServerUnaryReactor* RunAsync(
      const char* method, grpc::CallbackServerContext* context, const google::protobuf::Message& request,
      const std::function<void(const CallContext&, UnaryDone)>& handler) const {
    auto* reactor = new UnaryReactor(environment_, method, *context);
    absl::Status accepting = CheckAccepting(environment_, reactor->record());
    if (accepting.ok()) accepting = reactor->HoldRequest(environment_, request);
    if (!accepting.ok()) {
      reactor->End(accepting);
      return reactor;
    }
    // The handler's copy of the call: `done` may delete the reactor while the handler still looks at it.
    const CallContext call = reactor->call();
    handler(call, [reactor](const absl::Status& status) { reactor->End(status); });
    return reactor;
  }

 private:
  // What waited too long does not run; what runs out of memory ends its call and not the server.
  static absl::Status RunGuarded(const std::function<absl::Status(const CallContext&)>& handler,
                                 const CallContext& call) {
    if (absl::Status stopped = call.cancel.Check(); !stopped.ok()) return stopped;
    if (absl::Now() > call.deadline)
      return absl::DeadlineExceededError("the call's deadline passed while it waited");
    return Guarded([&] { return handler(call); });
  }

  const CallEnvironment& environment_;
  base::Executor& pool_;
};

}  // namespace timbre::rpc
