#include "server/rpc/stream_lease.h"

#include <grpc/grpc.h>

#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace timbre::rpc {

// What the alarm may touch after the reactor is gone.
struct StreamLease::Call {
  // Recursive: cancelling may end the call, and destroy the lease, on this very thread.
  std::recursive_mutex mutex;
  grpc::CallbackServerContext* context;
  base::CancelSource* cancel;

  void End(absl::Duration lifetime) {
    const std::lock_guard lock(mutex);
    if (context == nullptr) return;
    const std::string text = absl::StrCat("the stream lasted longer than limits.max_stream_seconds allows, ",
                                          absl::FormatDuration(lifetime));
    cancel->Cancel(absl::DeadlineExceededError(text));
    if (context == nullptr) return;
    grpc_call_cancel_with_status(context->c_call(), GRPC_STATUS_DEADLINE_EXCEEDED, text.c_str(), nullptr);
  }
};

StreamLease::StreamLease(grpc::CallbackServerContext& context, base::CancelSource& cancel,
                         absl::Duration lifetime) {
  if (lifetime == absl::InfiniteDuration()) return;
  call_ = std::make_shared<Call>();
  call_->context = &context;
  call_->cancel = &cancel;
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(absl::ToChronoTime(absl::Now() + lifetime), [call = call_, lifetime](bool in_time) {
    if (in_time) call->End(lifetime);
  });
}

StreamLease::~StreamLease() {
  if (call_ == nullptr) return;
  const std::lock_guard lock(call_->mutex);
  call_->context = nullptr;
}

}  // namespace timbre::rpc
