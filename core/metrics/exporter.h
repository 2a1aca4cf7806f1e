#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/embed/observer.h"
#include "core/train/observer.h"

namespace timbre::metrics {

// Counts calls as the gRPC ecosystem names them (grpc_server_started_total, grpc_server_handled_total, grpc_server_handling_seconds with
// grpc_type, grpc_service, grpc_method, grpc_code in Go's CamelCase). Threads: safe.
class CallMetrics {
 public:
  virtual ~CallMetrics() = default;
  // Makes the method's series at 0. `type`: unary, client_stream, server_stream or bidi_stream; `service`: "timbre.v1.JobService".
  virtual void Register(const std::string& type, const std::string& service, const std::string& method) = 0;
  virtual void OnStarted(const std::string& service, const std::string& method) = 0;
  virtual void OnHandled(const std::string& service, const std::string& method, absl::StatusCode code, absl::Duration duration) = 0;
};

// The service's Prometheus metrics, and the HTTP port that serves them at /metrics. Observers of the rooms write into it.
// Threads: safe.
class Exporter {
 public:
  struct Options {
    std::string address;          // host:port; empty: metrics are kept but not served
    std::string version, build;   // timbre_build_info
  };
  // Errors: kUnavailable the port is in use or the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Exporter>> Start(const Options& options);
  virtual ~Exporter() = default;

  virtual train::Observer& training() = 0;
  virtual embed::Observer& inference() = 0;
  virtual CallMetrics& calls() = 0;

  // A gauge per job state, timbre_jobs{state}. `state` is a name such as "RUNNING".
  virtual void SetJobs(const std::string& state, int64_t count) = 0;

  // The text that /metrics serves, for tests.
  virtual std::string Text() const = 0;
};

}  // namespace timbre::metrics
