#include "server/observe/message_counter.h"

#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "server/rpc/methods.h"

namespace timbre::observe {
namespace {

using grpc::experimental::InterceptionHookPoints;

class MessageCounter final : public grpc::experimental::Interceptor {
 public:
  // `path`: "/timbre.v1.JobService/GetJob"; anything that a client sent.
  MessageCounter(metrics::CallMetrics& metrics, absl::string_view path) : metrics_(metrics) {
    std::tie(service_, method_) = rpc::ServiceAndName(path);
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    // A read that found the stream's end has no message.
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE) &&
        methods->GetRecvMessage() != nullptr) {
      metrics_.OnReceived(service_, method_);
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      metrics_.OnSent(service_, method_);
    }
    methods->Proceed();
  }

 private:
  metrics::CallMetrics& metrics_;
  std::string service_, method_;
};

}  // namespace

grpc::experimental::Interceptor* MessageCounterFactory::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  return new MessageCounter(metrics_, info->method());
}

}  // namespace timbre::observe
