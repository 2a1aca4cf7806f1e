#pragma once

#include <grpcpp/server_context.h>

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/cancel_token.h"

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
  absl::Duration default_deadline = absl::Seconds(60);  // of unary calls whose client set none
  const std::atomic<bool>* draining = nullptr;          // new calls are refused with UNAVAILABLE
};

// One call as handlers see it.
struct CallContext {
  std::string client;    // who calls (ClientOf)
  std::string priority;  // the metadata `timbre-priority`
  absl::Time deadline = absl::InfiniteFuture();
  base::CancelToken cancel;  // the client went away, or the server ends
};

// A value of the call's metadata; empty where there is none. Of several the first.
std::string MetadataOf(const grpc::CallbackServerContext& context, const std::string& key);

// Who calls: the metadata `timbre-client`, else the peer's address without its port. At most 128 characters.
std::string ClientOf(const grpc::CallbackServerContext& context);

// The call's deadline; the default where the client set none.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context, absl::Duration default_deadline);

// kUnavailable while draining.
absl::Status CheckAccepting(const CallEnvironment& environment);

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
