#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace timbre::app {

// A second port, without TLS and asking nobody who they are, that answers grpc.health.v1 and nothing else:
// for probes that speak no TLS, such as those of Kubernetes. Threads: safe.
class HealthPort {
 public:
  // Answers SERVING from here on, of the whole server and of each service by name. Errors: kUnavailable the
  // port is in use or the address is not this machine's.
  static absl::StatusOr<std::unique_ptr<HealthPort>> Start(const std::string& address,
                                                           std::span<const char* const> services);

  // Ends at once, with the watchers that are there.
  ~HealthPort();

  // Answers NOT_SERVING, and tells it to those that watch.
  void SetNotServing();

  // host:port with the port that was taken.
  const std::string& address() const { return address_; }

 private:
  HealthPort() = default;
  // Answers UNIMPLEMENTED; gRPC starts no server that has nothing but its own health service.
  grpc::CallbackGenericService all_else_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace timbre::app
