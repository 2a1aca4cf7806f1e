#include "server/rpc/builtin_calls.h"

#include <grpc/grpc.h>

#include <optional>
#include <string>

#include "server/rpc/methods.h"

namespace timbre::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;

class BuiltinCall final : public grpc::experimental::Interceptor {
 public:
  BuiltinCall(const CallEnvironment& environment, grpc::experimental::ServerRpcInfo& info)
      : environment_(environment), info_(info) {}

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
    if (record_->allowed().ok()) return;
    const absl::Status refused = record_->allowed();
    End(refused);
    // Ends the call with this status; what the handler sends after it goes nowhere.
    grpc_call_cancel_with_status(info_.server_context()->c_call(),
                                 static_cast<grpc_status_code>(refused.code()),
                                 std::string(refused.message()).c_str(), nullptr);
  }

  // The first time only.
  void End(const absl::Status& status) {
    if (!record_.has_value()) return;
    record_->Handled(status);
    record_.reset();
  }

  const CallEnvironment& environment_;
  grpc::experimental::ServerRpcInfo& info_;
  std::optional<CallRecord> record_;  // from the call's metadata to its end
};

}  // namespace

grpc::experimental::Interceptor* BuiltinCallsFactory::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  if (IsTimbreMethod(info->method())) return nullptr;
  return new BuiltinCall(environment_, *info);
}

}  // namespace timbre::rpc
