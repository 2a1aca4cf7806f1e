#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>

#include "core/metrics/exporter.h"

namespace timbre::metrics {

// timbre_auth_refused_total{reason}, timbre_quota_refused_total{quota}, timbre_security_reloads_total{result}
// and timbre_tls_certificate_expiry_timestamp_seconds, which is there once there is a certificate. Threads:
// safe. Lifetime: the registry outlives it.
class PrometheusSecurityMetrics final : public SecurityMetrics {
 public:
  explicit PrometheusSecurityMetrics(prometheus::Registry& registry);

  void OnRefused(absl::StatusCode code) override;
  void OnQuota(Quota quota) override;
  void OnReload(bool well) override;
  void OnCertificate(absl::Time expires) override;

 private:
  prometheus::Family<prometheus::Counter>& refused_;
  prometheus::Family<prometheus::Counter>& quota_;
  prometheus::Family<prometheus::Counter>& reloads_;
  prometheus::Family<prometheus::Gauge>& expiry_;
  prometheus::Counter& unauthenticated_;
  prometheus::Counter& permission_denied_;
  std::array<prometheus::Counter*, 4> quotas_;
  prometheus::Counter& reloaded_;
  prometheus::Counter& reload_failed_;
};

}  // namespace timbre::metrics
