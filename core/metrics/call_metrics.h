#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <map>
#include <string>
#include <utility>

#include "core/base/mutex.h"
#include "core/metrics/exporter.h"

namespace timbre::metrics {

// The grpc_server_* families of go-grpc-middleware's Prometheus provider, with its buckets, in a registry,
// and timbre_server_full_total. Threads: safe. Lifetime: the registry outlives it.
class PrometheusCallMetrics final : public CallMetrics {
 public:
  explicit PrometheusCallMetrics(prometheus::Registry& registry);

  void Register(const std::string& type, const std::string& service, const std::string& method) override;
  void OnStarted(const std::string& service, const std::string& method) override;
  void OnHandled(const std::string& service, const std::string& method, absl::StatusCode code,
                 absl::Duration duration) override;
  void OnServerFull() override { server_full_.Increment(); }
  void OnReceived(const std::string& service, const std::string& method) override;
  void OnSent(const std::string& service, const std::string& method) override;

 private:
  static constexpr size_t kCodes = 17;
  struct Series {
    prometheus::Counter *started, *received, *sent;
    prometheus::Histogram* seconds;
    std::array<prometheus::Counter*, kCodes> handled;
  };

  Series MakeSeries(const prometheus::Labels& labels);
  Series Find(const std::string& service, const std::string& method);

  prometheus::Family<prometheus::Counter>& started_;
  prometheus::Family<prometheus::Counter>& handled_;
  prometheus::Family<prometheus::Counter>& received_;
  prometheus::Family<prometheus::Counter>& sent_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Counter& server_full_;
  const Series other_;
  base::Mutex mutex_;
  std::map<std::pair<std::string, std::string>, Series> methods_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timbre::metrics
