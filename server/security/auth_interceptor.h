#pragma once

#include <grpcpp/support/server_interceptor.h>

#include "server/security/gate.h"

namespace timbre::security {

// Refuses the calls of gRPC's own services (health, reflection, channelz) that their caller may not make,
// before their handlers see them. Timbre's services ask the gate themselves, since an interceptor cannot keep
// a handler from running.
//   Not a grpc::AuthMetadataProcessor, which would see every call in one place: this gRPC's filter for it
//   ends the process on a header that gRPC keeps for itself (grpclb_client_stats), whoever sends it.
// Threads: safe. Lifetime: the gate outlives the server.
class AuthInterceptorFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit AuthInterceptorFactory(const Gate& gate) : gate_(gate) {}

  // Null, which is none, for Timbre's services.
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override;

 private:
  const Gate& gate_;
};

}  // namespace timbre::security
