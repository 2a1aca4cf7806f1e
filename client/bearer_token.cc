#include "client/bearer_token.h"

#include "absl/strings/str_cat.h"

namespace timbre::client {
namespace {

using grpc::experimental::InterceptionHookPoints;

class BearerToken final : public grpc::experimental::Interceptor {
 public:
  explicit BearerToken(const std::string& token) : token_(token) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace("authorization", absl::StrCat("Bearer ", token_));
    }
    methods->Proceed();
  }

 private:
  const std::string token_;
};

}  // namespace

grpc::experimental::Interceptor* BearerTokenFactory::CreateClientInterceptor(
    grpc::experimental::ClientRpcInfo* /*info*/) {
  return new BearerToken(token_);
}

}  // namespace timbre::client
