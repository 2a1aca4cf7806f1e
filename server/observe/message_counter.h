#pragma once

#include <grpcpp/support/server_interceptor.h>

#include "core/metrics/exporter.h"

namespace timbre::observe {

// Counts the messages of all calls, refused ones too: an interceptor, so that no stream has to. Threads:
// safe. Lifetime: the metrics outlive the server.
class MessageCounterFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit MessageCounterFactory(metrics::CallMetrics& metrics) : metrics_(metrics) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override;

 private:
  metrics::CallMetrics& metrics_;
};

}  // namespace timbre::observe
