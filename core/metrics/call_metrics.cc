#include "core/metrics/call_metrics.h"

namespace timbre::metrics {
namespace {

using prometheus::Labels;

// By the code's number, as Go's codes.Code.String() spells them.
constexpr std::array<const char*, 17> kCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};
constexpr size_t kUnknown = 2;

const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {.005, .01, .025, .05, .1, .25,
                                                                   .5,   1,   2.5,  5,   10};
  return kBuckets;
}

}  // namespace

PrometheusCallMetrics::PrometheusCallMetrics(prometheus::Registry& registry)
    : started_(prometheus::BuildCounter()
                   .Name("grpc_server_started_total")
                   .Help("Calls started on the server.")
                   .Register(registry)),
      handled_(prometheus::BuildCounter()
                   .Name("grpc_server_handled_total")
                   .Help("Calls completed on the server, whatever their code.")
                   .Register(registry)),
      received_(prometheus::BuildCounter()
                    .Name("grpc_server_msg_received_total")
                    .Help("Messages received from clients.")
                    .Register(registry)),
      sent_(prometheus::BuildCounter()
                .Name("grpc_server_msg_sent_total")
                .Help("Messages sent to clients.")
                .Register(registry)),
      seconds_(prometheus::BuildHistogram()
                   .Name("grpc_server_handling_seconds")
                   .Help("Time from a call's start to its end on the server.")
                   .Register(registry)),
      server_full_(prometheus::BuildCounter()
                       .Name("timbre_server_full_total")
                       .Help("Calls that found no room in the server: queues, threads, memory and disk that "
                             "all clients share.")
                       .Register(registry)
                       .Add({})),
      other_(MakeSeries({{"grpc_type", "other"}, {"grpc_service", "other"}, {"grpc_method", "other"}})) {}

PrometheusCallMetrics::Series PrometheusCallMetrics::MakeSeries(const Labels& labels) {
  Series series{&started_.Add(labels),
                &received_.Add(labels),
                &sent_.Add(labels),
                &seconds_.Add(labels, Buckets()),
                {}};
  for (size_t code = 0; code < kCodes; ++code) {
    Labels with_code = labels;
    with_code["grpc_code"] = kCodeNames[code];
    series.handled[code] = &handled_.Add(with_code);
  }
  return series;
}

void PrometheusCallMetrics::Register(const std::string& type, const std::string& service,
                                     const std::string& method) {
  base::MutexLock lock(mutex_);
  const std::pair<std::string, std::string> key(service, method);
  if (methods_.count(key) > 0) return;
  methods_.emplace(key,
                   MakeSeries({{"grpc_type", type}, {"grpc_service", service}, {"grpc_method", method}}));
}

PrometheusCallMetrics::Series PrometheusCallMetrics::Find(const std::string& service,
                                                          const std::string& method) {
  base::MutexLock lock(mutex_);
  const auto found = methods_.find({service, method});
  return found == methods_.end() ? other_ : found->second;
}

void PrometheusCallMetrics::OnStarted(const std::string& service, const std::string& method) {
  Find(service, method).started->Increment();
}

void PrometheusCallMetrics::OnHandled(const std::string& service, const std::string& method,
                                      absl::StatusCode code, absl::Duration duration) {
  const Series series = Find(service, method);
  const auto number = static_cast<size_t>(code);
  series.handled[number < kCodes ? number : kUnknown]->Increment();
  series.seconds->Observe(absl::ToDoubleSeconds(duration));
}

void PrometheusCallMetrics::OnReceived(const std::string& service, const std::string& method) {
  Find(service, method).received->Increment();
}

void PrometheusCallMetrics::OnSent(const std::string& service, const std::string& method) {
  Find(service, method).sent->Increment();
}

}  // namespace timbre::metrics
