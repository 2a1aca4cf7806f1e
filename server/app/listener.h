#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/app/settings.h"

namespace timbre::app {

// A gRPC server on its port, with health, reflection and the limits that bound what a peer can make it hold.
struct Listener {
  std::unique_ptr<grpc::Server> server;
  std::string address;  // host:port with the port that was taken
};

struct ListenOptions {
  const Settings& settings;
  std::shared_ptr<grpc::ServerCredentials> credentials;
  std::vector<grpc::Service*> services;
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
};

// Serves from here on. Errors: kUnavailable the port is in use or the address is not this machine's.
absl::StatusOr<Listener> Listen(ListenOptions options);

}  // namespace timbre::app
