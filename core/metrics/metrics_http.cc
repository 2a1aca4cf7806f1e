#include "core/metrics/metrics_http.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace timbre::metrics {
namespace {

constexpr size_t kThreads = 2;

}  // namespace

class MetricsHttp::Server {
 public:
  ~Server() {
    http.stop();
    if (thread.joinable()) thread.join();
  }
  httplib::Server http;
  std::atomic<bool> ended = false;
  std::thread thread;
};

MetricsHttp::MetricsHttp() : server_(std::make_unique<Server>()) {}
MetricsHttp::~MetricsHttp() = default;

absl::StatusOr<std::unique_ptr<MetricsHttp>> MetricsHttp::Start(const std::string& address,
                                                                std::function<std::string()> text) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("metrics address '", address, "' is not host:port"));
  }
  const std::string host = address.substr(0, colon);
  std::unique_ptr<MetricsHttp> metrics(new MetricsHttp());
  httplib::Server& http = metrics->server_->http;
  http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  // Not the library's default, SO_REUSEPORT: a second server would share the port in silence.
  http.set_socket_options([](socket_t socket) {
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  http.Get("/metrics", [text = std::move(text)](const httplib::Request&, httplib::Response& response) {
    response.set_content(text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  const int bound = port == 0 ? http.bind_to_any_port(host) : (http.bind_to_port(host, port) ? port : -1);
  if (bound <= 0) {
    return absl::UnavailableError(absl::StrCat("cannot serve metrics on '", address,
                                               "': the port is in use or the address is not this machine's; "
                                               "choose another metrics_address, or \"off\""));
  }
  metrics->address_ = absl::StrCat(host, ":", bound);
  std::atomic<bool>& ended = metrics->server_->ended;
  metrics->server_->thread = std::thread([&http, &ended] {
    http.listen_after_bind();
    ended = true;
  });
  // stop() has no effect on a server that does not run yet.
  while (!http.is_running() && !ended) std::this_thread::yield();
  return metrics;
}

}  // namespace timbre::metrics
