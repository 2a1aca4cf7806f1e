#include "server/rpc/call.h"

#include <google/rpc/error_details.pb.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "server/rpc/status.h"

namespace timbre::rpc {
namespace {

// What is smaller is bounded by the number of calls.
constexpr int64_t kLargeMessageBytes = int64_t{64} << 10;

// Two traceparents are none; several tracestates are one list.
Trace TraceOf(const grpc::ServerContextBase& context) {
  const bool one = context.client_metadata().count("traceparent") == 1;
  std::string state;
  const auto [first, last] = context.client_metadata().equal_range("tracestate");
  for (auto it = first; it != last; ++it) {
    absl::StrAppend(&state, state.empty() ? "" : ",",
                    absl::string_view(it->second.data(), it->second.size()));
  }
  return ContinueTrace(one ? security::MetadataOf(context, "traceparent") : "", state);
}

}  // namespace

std::string TimbrePath(const std::string& method) { return "/timbre.v1." + method; }

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

absl::Status CheckAccepting(const CallEnvironment& environment, const CallRecord& record) {
  if (!record.allowed().ok()) return record.allowed();
  if (environment.draining == nullptr || !environment.draining->load()) {
    return environment.gate.quotas().OnCall(record.caller().account);
  }
  return WithRetryDelay(
      WithReason(
          absl::UnavailableError("the server is draining; call again, it or another replica will answer"),
          "DRAINING"),
      absl::Seconds(1));
}

absl::Status HoldMessage(const CallEnvironment& environment, const CallRecord& record,
                         const google::protobuf::Message& message, ByteBudget::Hold& hold) {
  hold.Release();
  const auto bytes = static_cast<int64_t>(message.ByteSizeLong());
  if (environment.budget == nullptr || bytes < kLargeMessageBytes) return absl::OkStatus();
  TIMBRE_ASSIGN_OR_RETURN(hold, environment.budget->Take(record.caller().account, bytes));
  return absl::OkStatus();
}

CallRecord::CallRecord(const CallEnvironment& environment, std::string path, grpc::ServerContextBase& context)
    : observer_(environment.observer), start_(absl::Now()) {
  call_.path = std::move(path);
  call_.peer = context.peer();
  security::Gate::Entry entry = environment.gate.Enter(context, call_.path);
  call_.caller = std::move(entry.caller);
  allowed_ = std::move(entry.allowed);
  call_.request_id = RequestIdFrom(security::MetadataOf(context, "x-request-id"));
  call_.trace = TraceOf(context);
  context.AddInitialMetadata("x-request-id", call_.request_id);
  context.AddInitialMetadata("traceparent", Traceparent(call_.trace));
  if (!call_.trace.state.empty()) context.AddInitialMetadata("tracestate", call_.trace.state);
  if (observer_ != nullptr) observer_->OnStarted(call_.path);
}

grpc::Status CallRecord::Handled(const absl::Status& status) {
  call_.status = status;
  call_.duration = absl::Now() - start_;
  if (observer_ != nullptr) observer_->OnHandled(call_);
  return ToClient(status);
}

grpc::Status CallRecord::ToClient(const absl::Status& status) const {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::RequestInfo info;
  info.set_request_id(call_.request_id);
  return ToGrpcStatus(WithDetail(status, info));
}

}  // namespace timbre::rpc
