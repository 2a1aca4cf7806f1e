#pragma once

#include <grpcpp/support/client_interceptor.h>

#include <string>
#include <utility>

namespace timbre::client {

// Sends `authorization: Bearer TOKEN` with each call. An interceptor, for gRPC's own call credentials refuse
// to work on a connection without TLS, also on loopback. Threads: safe.
class BearerTokenFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit BearerTokenFactory(std::string token) : token_(std::move(token)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(grpc::experimental::ClientRpcInfo* info) override;

 private:
  const std::string token_;
};

}  // namespace timbre::client
