#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/cancel_token.h"
#include "core/base/log_event.h"
#include "server/rpc/byte_budget.h"
#include "server/rpc/trace.h"
#include "server/security/gate.h"

namespace timbre::rpc {

// A call that has ended.
struct HandledCall {
  std::string path;         // "/timbre.v1.JobService/GetJob"
  std::string peer;         // its address
  security::Caller caller;  // who it is
  std::string request_id;
  Trace trace;
  base::LogFields notes;  // what the handler had to say for the log
  absl::Status status;
  absl::Duration duration;
};

// Told of every call by the wrappers; metrics and log stand behind it. Threads: safe. Must not block.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnStarted(const std::string& /*path*/) {}
  virtual void OnHandled(const HandledCall& /*call*/) {}
};

// "JobService/GetJob" -> "/timbre.v1.JobService/GetJob"
std::string TimbrePath(const std::string& method);

// What all wrappers share. Threads: safe.
struct CallEnvironment {
  CallObserver* observer = nullptr;
  absl::Duration default_deadline = absl::Seconds(60);   // of unary calls whose client set none
  const std::atomic<bool>* draining = nullptr;           // new calls are refused with UNAVAILABLE
  const security::Gate& gate;                            // who calls, and how much it may take
  absl::Duration max_stream = absl::InfiniteDuration();  // how long a stream may last (StreamLease)
  ByteBudget* budget = nullptr;                          // of large messages that wait; null: no limit
};

class CallRecord;

// One call as handlers see it.
struct CallContext {
  security::Caller caller;
  std::string priority;  // the metadata `timbre-priority`
  absl::Time deadline = absl::InfiniteFuture();
  base::CancelToken cancel;      // the client went away, or the server ends
  CallRecord* record = nullptr;  // for notes to the call's log line; never null, gone once the call is done
};

// The call's deadline; the default where the client set none.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context, absl::Duration default_deadline);

// Whether a new call is taken: every reactor asks before it does anything. Errors: kUnauthenticated,
// kPermissionDenied as security::Gate · kUnavailable while draining · kResourceExhausted over the caller's
// quota of calls.
absl::Status CheckAccepting(const CallEnvironment& environment, const CallRecord& record);

// Counts a message that is large against the budget until `hold` ends; what `hold` held before is given back.
// Errors: as ByteBudget::Take.
absl::Status HoldMessage(const CallEnvironment& environment, const CallRecord& record,
                         const google::protobuf::Message& message, ByteBudget::Hold& hold);

// Counts and logs one call from construction until Handled. Its request id is the metadata `x-request-id`
// where that has the form, its trace goes on with `traceparent`; the answer's initial metadata names both,
// and `tracestate` as it came. Threads: compatible.
class CallRecord {
 public:
  // Before the context sends anything.
  CallRecord(const CallEnvironment& environment, std::string path, grpc::ServerContextBase& context);

  // A fact for the call's log line: no audio, nothing secret.
  void Note(base::LogField field) { call_.notes.push_back(std::move(field)); }

  // Once: tells the observer. Returns ToClient(status).
  grpc::Status Handled(const absl::Status& status);

  // What to finish the call with: an error also carries the request id (google.rpc.RequestInfo).
  grpc::Status ToClient(const absl::Status& status) const;

  const security::Caller& caller() const { return call_.caller; }
  // Whether the caller may make this call.
  const absl::Status& allowed() const { return allowed_; }
  const std::string& request_id() const { return call_.request_id; }
  const Trace& trace() const { return call_.trace; }

 private:
  CallObserver* const observer_;
  const absl::Time start_;
  absl::Status allowed_;
  HandledCall call_;
};

}  // namespace timbre::rpc
