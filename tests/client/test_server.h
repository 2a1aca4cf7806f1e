#pragma once

#include <grpcpp/grpcpp.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/connection.h"

namespace timbre::client {

// A real gRPC server on a free port of 127.0.0.1 (or on `port`).
// Lifetime: the services must outlive it.
class TestServer {
 public:
  explicit TestServer(std::initializer_list<grpc::Service*> services, int port = 0) : port_(port) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials(), &port_);
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
  }
  ~TestServer() { Stop(); }

  // Breaks what is open.
  void Stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }

  bool started() const { return server_ != nullptr; }
  int port() const { return port_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  // A connection that never really sleeps.
  Connection Connect() const {
    Connection connection = client::Connect({.server = address()});
    connection.sleep = [](absl::Duration) {};
    return connection;
  }

 private:
  int port_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace timbre::client
