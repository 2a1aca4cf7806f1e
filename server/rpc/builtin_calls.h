#pragma once

#include <grpcpp/support/server_interceptor.h>

#include "server/rpc/call.h"

namespace timbre::rpc {

// Calls of the services that gRPC brings (health, reflection, channelz) and of methods that there are not:
// what their caller may not make is refused, whatever their handler answers; all are counted and logged like
// Timbre's, and what is answered has its ids. Timbre's methods ask the gate themselves, before they do
// anything.
//   Not a grpc::AuthMetadataProcessor, which would see every call in one place: this gRPC's filter for it
//   ends the process on a header that gRPC keeps for itself (grpclb_client_stats), whoever sends it.
// Threads: safe. Lifetime: the environment outlives the server.
class BuiltinCallsFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit BuiltinCallsFactory(const CallEnvironment& environment) : environment_(environment) {}

  // Null, which is none, for Timbre's methods.
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override;

 private:
  const CallEnvironment& environment_;
};

}  // namespace timbre::rpc
