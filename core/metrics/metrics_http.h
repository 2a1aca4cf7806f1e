#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace timbre::metrics {

// Serves one text at /metrics over HTTP (cpp-httplib). prometheus-cpp's own exposer is not used: civetweb
// asks for threads with 100 kB of stack, which glibc refuses in a process whose libraries (LibTorch) need
// more than that for thread-local storage. Threads: `text` is called on threads of its own. Lifetime: the
// destructor stops and joins them.
class MetricsHttp {
 public:
  // `address` is host:port; port 0 takes a free one. Errors: kInvalidArgument the address's form ·
  // kUnavailable it cannot be bound.
  static absl::StatusOr<std::unique_ptr<MetricsHttp>> Start(const std::string& address,
                                                            std::function<std::string()> text);
  ~MetricsHttp();

  // host:port with the real port.
  const std::string& address() const { return address_; }

 private:
  class Server;
  MetricsHttp();
  std::unique_ptr<Server> server_;
  std::string address_;
};

}  // namespace timbre::metrics
