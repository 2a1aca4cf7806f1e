#pragma once

#include <grpcpp/support/server_interceptor.h>

#include "server/rpc/call.h"

namespace timbre::rpc {

// Calls of the services that gRPC brings: health, reflection, channelz. Those that their caller may not make
// are refused before their handlers see them; all are counted, logged and given their ids like Timbre's.
// Timbre's services ask the gate themselves, since an interceptor cannot keep a handler from running.
//   Not a grpc::AuthMetadataProcessor, which would see every call in one place: this gRPC's filter for it
//   ends the process on a header that gRPC keeps for itself (grpclb_client_stats), whoever sends it.
// Threads: safe. Lifetime: the environment outlives the server.
class BuiltinCallsFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit BuiltinCallsFactory(const CallEnvironment& environment) : environment_(environment) {}

  // Null, which is none, for Timbre's services.
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override;

 private:
  const CallEnvironment& environment_;
};

}  // namespace timbre::rpc
