#include "server/security/auth_interceptor.h"

#include <grpc/grpc.h>

#include <string>

#include "absl/strings/match.h"

namespace timbre::security {
namespace {

using grpc::experimental::InterceptionHookPoints;

class AuthInterceptor final : public grpc::experimental::Interceptor {
 public:
  AuthInterceptor(const Gate& gate, grpc::experimental::ServerRpcInfo& info) : gate_(gate), info_(info) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) Check();
    methods->Proceed();
  }

 private:
  void Check() {
    const absl::Status status = gate_.Check(*info_.server_context(), info_.method());
    if (status.ok()) return;
    // Ends the call with this status; what the handler sends after it goes nowhere.
    grpc_call_cancel_with_status(info_.server_context()->c_call(),
                                 static_cast<grpc_status_code>(status.code()),
                                 std::string(status.message()).c_str(), nullptr);
  }

  const Gate& gate_;
  grpc::experimental::ServerRpcInfo& info_;
};

}  // namespace

grpc::experimental::Interceptor* AuthInterceptorFactory::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  if (absl::StartsWith(info->method(), "/timbre.")) return nullptr;
  return new AuthInterceptor(gate_, *info);
}

}  // namespace timbre::security
