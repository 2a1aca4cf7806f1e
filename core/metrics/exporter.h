#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/embed/observer.h"
#include "core/jobs/observer.h"
#include "core/registry/observer.h"
#include "core/train/observer.h"

namespace timbre::metrics {

// Counts calls as the gRPC ecosystem names them: grpc_server_started_total, grpc_server_handled_total,
// grpc_server_msg_received_total, grpc_server_msg_sent_total and grpc_server_handling_seconds with grpc_type,
// grpc_service, grpc_method and grpc_code (in Go's CamelCase: OK, Canceled, ResourceExhausted). A method that
// was not registered counts under the label "other", so that no client can make series. Threads: safe.
// Nothing here blocks for long.
class CallMetrics {
 public:
  virtual ~CallMetrics() = default;
  // Makes the method's series at 0. `type`: unary, client_stream, server_stream or bidi_stream; `service`:
  // "timbre.v1.JobService". A second registration of a method changes nothing.
  virtual void Register(const std::string& type, const std::string& service, const std::string& method) = 0;
  virtual void OnStarted(const std::string& service, const std::string& method) = 0;
  virtual void OnHandled(const std::string& service, const std::string& method, absl::StatusCode code,
                         absl::Duration duration) = 0;
  // timbre_server_full_total: a call found no room in the server, by no fault of its client.
  virtual void OnServerFull() = 0;
  // A message of a call; a unary call has one of each.
  virtual void OnReceived(const std::string& service, const std::string& method) = 0;
  virtual void OnSent(const std::string& service, const std::string& method) = 0;
};

// Who was refused, and the certificate in use. Threads: safe.
class SecurityMetrics {
 public:
  enum class Quota { kRequests, kWindows, kUploads, kJobs };

  virtual ~SecurityMetrics() = default;
  // kUnauthenticated or kPermissionDenied.
  virtual void OnRefused(absl::StatusCode code) = 0;
  virtual void OnQuota(Quota quota) = 0;
  virtual void OnReload(bool well) = 0;
  virtual void OnCertificate(absl::Time expires) = 0;
};

// A label of a model, and the version that it names.
struct ServedModel {
  std::string model;
  std::string label;
  int64_t version = 0;
  std::string space_id;
};

// The service's Prometheus metrics, and the HTTP port that serves them at /metrics. Observers of the rooms
// write into it. Names and labels are a promise to dashboards; no label is open-ended (no job, client or
// file). Threads: safe.
class Exporter {
 public:
  struct Options {
    std::string address = {};  // host:port, port 0 takes a free one; empty: metrics are kept but not served
    std::string version = {}, build = {};  // timbre_build_info
    std::string state_dir = {};            // whose disk is watched; empty: none
    std::string device = {};  // "cuda:N" is watched, if the driver has its library; any other is not
    const base::Clock* clock = &base::Clock::System();
  };
  // Errors: kInvalidArgument the address's form · kUnavailable the port is in use or the address cannot be
  // bound · kInternal a family made twice.
  static absl::StatusOr<std::unique_ptr<Exporter>> Start(const Options& options);
  virtual ~Exporter() = default;

  virtual train::Observer& training() = 0;
  virtual jobs::Observer& jobs() = 0;
  virtual embed::Observer& inference() = 0;
  virtual registry::Observer& models() = 0;
  virtual CallMetrics& calls() = 0;
  virtual SecurityMetrics& security() = 0;

  // A gauge per kind and state, timbre_jobs{kind,state}: kinds as jobs::Job has them ("ssl_training"), states
  // by their names ("RUNNING"); any other counts under "other".
  virtual void SetJobs(const std::string& kind, const std::string& state, int64_t count) = 0;

  // timbre_job_silence_seconds{kind}: how long the running job of the kind that is silent longest has
  // reported nothing; zero where none runs.
  virtual void SetSilence(const std::string& kind, absl::Duration silence) = 0;

  // timbre_model_info, one series each up to a hundred. Their timbre_embed_* series begin at zero.
  virtual void SetServedModels(const std::vector<ServedModel>& served) = 0;

  // The gauges timbre_embed_queue_*.
  virtual void SetLoad(const embed::Load& load) = 0;

  // Runs before each scrape, for gauges that are read rather than told of (SetJobs, SetSilence,
  // SetServedModels, SetLoad). It may block for as long as a query takes. Its captures must outlive the
  // exporter or be taken back by OnScrape({}).
  virtual void OnScrape(std::function<void(Exporter&)> refresh) = 0;

  // The text that /metrics serves, for tests.
  virtual std::string Text() const = 0;

  // Where /metrics is served: host:port with the port that was taken; empty if it is not.
  virtual const std::string& address() const = 0;
};

}  // namespace timbre::metrics
