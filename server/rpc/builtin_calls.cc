#include "server/rpc/builtin_calls.h"

#include <grpc/grpc.h>

#include <optional>
#include <string>
#include <vector>

#include "server/rpc/methods.h"

namespace timbre::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;

constexpr absl::string_view kHealthService = "grpc.health.v1.Health";

// Ends the call with this status; what the handler sends after it goes nowhere.
void Cancel(grpc_call* call, const absl::Status& status) {
  grpc_call_cancel_with_status(call, static_cast<grpc_status_code>(status.code()),
                               std::string(status.message()).c_str(), nullptr);
}

class BuiltinCall final : public grpc::experimental::Interceptor {
 public:
  BuiltinCall(const CallEnvironment& environment, BuiltinCalls& calls,
              grpc::experimental::ServerRpcInfo& info)
      : environment_(environment), calls_(calls), info_(info) {}

  // For what ended without its handler's word.
  ~BuiltinCall() override { End(Left()); }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) Begin();
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = methods->GetSendStatus();
      // Health's Watch calls a client that left UNKNOWN.
      End(info_.server_context()->IsCancelled()
              ? Left()
              : absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message()));
    }
    methods->Proceed();
  }

 private:
  static absl::Status Left() {
    return absl::CancelledError("the client left, its deadline passed, or the server ends");
  }

  void Begin() {
    record_.emplace(environment_, info_.method(), *info_.server_context());
    call_ = info_.server_context()->c_call();
    calls_.Add(call_);
    const absl::Status entered = Enter();
    if (entered.ok()) return;
    grpc_call* const call = call_;
    End(entered);
    Cancel(call, entered);
  }

  absl::Status Enter() const {
    if (!record_->allowed().ok()) return record_->allowed();
    if (ServiceAndName(info_.method()).first == kHealthService) return absl::OkStatus();
    return environment_.gate.quotas().OnCall(record_->caller().account);
  }

  // The first time only.
  void End(const absl::Status& status) {
    if (!record_.has_value()) return;
    calls_.Remove(call_);
    record_->Handled(status);
    record_.reset();
  }

  const CallEnvironment& environment_;
  BuiltinCalls& calls_;
  grpc::experimental::ServerRpcInfo& info_;
  grpc_call* call_ = nullptr;
  std::optional<CallRecord> record_;  // from the call's metadata to its end
};

}  // namespace

void BuiltinCalls::Cancel(const absl::Status& why) {
  std::vector<grpc_call*> calls;
  {
    base::MutexLock lock(mutex_);
    calls.assign(calls_.begin(), calls_.end());
    for (grpc_call* call : calls) grpc_call_ref(call);
  }
  // Not under the mutex: a call may end, and be removed, on this thread.
  for (grpc_call* call : calls) {
    rpc::Cancel(call, why);
    grpc_call_unref(call);
  }
}

void BuiltinCalls::Add(grpc_call* call) {
  grpc_call_ref(call);
  base::MutexLock lock(mutex_);
  calls_.insert(call);
}

void BuiltinCalls::Remove(grpc_call* call) {
  {
    base::MutexLock lock(mutex_);
    calls_.erase(call);
  }
  grpc_call_unref(call);
}

grpc::experimental::Interceptor* BuiltinCallsFactory::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  if (IsTimbreMethod(info->method())) return nullptr;
  return new BuiltinCall(environment_, calls_, *info);
}

}  // namespace timbre::rpc
