#pragma once

#include "core/metrics/exporter.h"
#include "server/security/observer.h"

namespace timbre::observe {

// Turns what server/security decides into metrics. Threads: safe. Lifetime: the metrics outlive it.
class SecurityObserver final : public security::Observer {
 public:
  explicit SecurityObserver(metrics::SecurityMetrics& metrics) : metrics_(metrics) {}

  void OnRefused(absl::StatusCode code) override { metrics_.OnRefused(code); }
  void OnQuota(security::QuotaKind quota) override;
  void OnReload(bool well) override { metrics_.OnReload(well); }
  void OnCertificate(absl::Time expires) override { metrics_.OnCertificate(expires); }

 private:
  metrics::SecurityMetrics& metrics_;
};

}  // namespace timbre::observe
