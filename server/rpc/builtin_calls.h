#pragma once

#include <grpcpp/support/server_interceptor.h>

#include <set>

#include "core/base/mutex.h"
#include "server/rpc/call.h"

struct grpc_call;

namespace timbre::rpc {

// Those calls that are under way. Threads: safe. Lifetime: outlives the server.
class BuiltinCalls {
 public:
  // Ends them: a client that watches health, or leaves a stream of reflection open, would hold up the
  // server's end for as long as it likes.
  void Cancel(const absl::Status& why);

  void Add(grpc_call* call);
  void Remove(grpc_call* call);

 private:
  base::Mutex mutex_;
  std::set<grpc_call*> calls_ ABSL_GUARDED_BY(mutex_);  // each with a reference
};

// Calls of the services that gRPC brings (health, reflection, channelz) and of methods that there are not:
// what their caller may not make is refused, whatever their handler answers; all are counted and logged like
// Timbre's, and what is answered has its ids. They take from their caller's quota of calls, but for health:
// who watches over a server is not to be turned away, nor to use up what others under its name may ask.
// Timbre's methods ask the gate themselves, before they do anything.
//   Not a grpc::AuthMetadataProcessor, which would see every call in one place: this gRPC's filter for it
//   ends the process on a header that gRPC keeps for itself (grpclb_client_stats), whoever sends it.
// Threads: safe. Lifetime: environment and calls outlive the server.
class BuiltinCallsFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  BuiltinCallsFactory(const CallEnvironment& environment, BuiltinCalls& calls)
      : environment_(environment), calls_(calls) {}

  // Null, which is none, for Timbre's methods.
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override;

 private:
  const CallEnvironment& environment_;
  BuiltinCalls& calls_;
};

}  // namespace timbre::rpc
