#include "server/rpc/call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "server/rpc/status.h"

namespace timbre::rpc {

absl::Time DeadlineOf(const grpc::CallbackServerContext& context, absl::Duration default_deadline) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  // gRPC reports "no deadline" as the end of time; leave room for its rounding.
  const auto far = std::chrono::system_clock::now() + std::chrono::hours(24 * 365);
  if (deadline > far) {
    return default_deadline == absl::InfiniteDuration() ? absl::InfiniteFuture()
                                                        : absl::Now() + default_deadline;
  }
  return absl::FromChrono(deadline);
}

absl::Status CheckAccepting(const CallEnvironment& environment, const security::Caller& caller) {
  if (environment.draining == nullptr || !environment.draining->load()) {
    return environment.gate.quotas().OnCall(caller.account);
  }
  return WithRetryDelay(
      WithReason(
          absl::UnavailableError("the server is draining; call again, it or another replica will answer"),
          "DRAINING"),
      absl::Seconds(1));
}

CallRecord::CallRecord(const CallEnvironment& environment, std::string method,
                       const grpc::CallbackServerContext& context)
    : observer_(environment.observer),
      method_(std::move(method)),
      peer_(context.peer()),
      start_(absl::Now()) {
  if (observer_ != nullptr) observer_->OnStarted(method_);
}

void CallRecord::Handled(const absl::Status& status) {
  if (observer_ != nullptr) observer_->OnHandled(method_, status, absl::Now() - start_, peer_);
}

}  // namespace timbre::rpc
