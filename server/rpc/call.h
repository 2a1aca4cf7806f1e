#pragma once

#include <grpcpp/server_context.h>

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/cancel_token.h"
#include "server/security/gate.h"

namespace timbre::rpc {

// Told of every call by the wrappers; metrics and log stand behind it. Threads: safe. Must not block.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  // `method` is "Service/Method".
  virtual void OnStarted(const std::string& /*method*/) {}
  virtual void OnHandled(const std::string& /*method*/, const absl::Status& /*status*/,
                         absl::Duration /*duration*/, const std::string& /*peer*/) {}
};

// What all wrappers share. Threads: safe.
struct CallEnvironment {
  CallObserver* observer = nullptr;
  absl::Duration default_deadline = absl::Seconds(60);   // of unary calls whose client set none
  const std::atomic<bool>* draining = nullptr;           // new calls are refused with UNAVAILABLE
  const security::Gate& gate;                            // who calls, and how much it may take
  absl::Duration max_stream = absl::InfiniteDuration();  // how long a stream may last (StreamLease)
};

// One call as handlers see it.
struct CallContext {
  security::Caller caller;
  std::string priority;  // the metadata `timbre-priority`
  absl::Time deadline = absl::InfiniteFuture();
  base::CancelToken cancel;  // the client went away, or the server ends
};

// The call's deadline; the default where the client set none.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context, absl::Duration default_deadline);

// Whether a new call of `caller` is taken. Errors: kUnavailable while draining · kResourceExhausted over the
// caller's quota of calls.
absl::Status CheckAccepting(const CallEnvironment& environment, const security::Caller& caller);

// Counts and logs one call from construction until Handled. Threads: compatible.
class CallRecord {
 public:
  CallRecord(const CallEnvironment& environment, std::string method,
             const grpc::CallbackServerContext& context);
  void Handled(const absl::Status& status);

 private:
  CallObserver* const observer_;
  const std::string method_;
  const std::string peer_;
  const absl::Time start_;
};

}  // namespace timbre::rpc
