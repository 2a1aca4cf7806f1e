#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>

#include <memory>

#include "absl/time/time.h"
#include "core/base/cancel_token.h"

namespace timbre::rpc {

// Bounds how long a stream may last, also one whose client neither sends nor goes away: when the time is up
// it fires the stream's cancel source and cancels the call, so that the reactor's OnCancel and outstanding
// operations end it. Lifetime: a member of the reactor, hence shorter than the call's context.
class StreamLease {
 public:
  // `lifetime` may be infinite.
  StreamLease(grpc::CallbackServerContext& context, base::CancelSource& cancel, absl::Duration lifetime);
  ~StreamLease();
  StreamLease(const StreamLease&) = delete;
  StreamLease& operator=(const StreamLease&) = delete;

 private:
  struct Call;
  std::shared_ptr<Call> call_;
  std::unique_ptr<grpc::Alarm> alarm_;
};

}  // namespace timbre::rpc
