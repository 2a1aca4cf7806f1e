#include "core/metrics/security_metrics.h"

namespace timbre::metrics {
namespace {

using prometheus::Family;

Family<prometheus::Counter>& Counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

}  // namespace

PrometheusSecurityMetrics::PrometheusSecurityMetrics(prometheus::Registry& registry)
    : refused_(Counters(registry, "timbre_auth_refused_total",
                        "Calls refused because nobody knows who calls, or because the caller may not.")),
      quota_(Counters(registry, "timbre_quota_refused_total",
                      "Calls, uploads and jobs refused over their client's quota.")),
      reloads_(Counters(registry, "timbre_security_reloads_total",
                        "Times that changed certificates or tokens were read again.")),
      expiry_(prometheus::BuildGauge()
                  .Name("timbre_tls_certificate_expiry_timestamp_seconds")
                  .Help("When the certificate that new connections get ends.")
                  .Register(registry)),
      unauthenticated_(refused_.Add({{"reason", "unauthenticated"}})),
      permission_denied_(refused_.Add({{"reason", "permission_denied"}})),
      quotas_{&quota_.Add({{"quota", "requests"}}), &quota_.Add({{"quota", "windows"}}),
              &quota_.Add({{"quota", "uploads"}}), &quota_.Add({{"quota", "jobs"}})},
      reloaded_(reloads_.Add({{"result", "ok"}})),
      reload_failed_(reloads_.Add({{"result", "failed"}})) {}

void PrometheusSecurityMetrics::OnRefused(absl::StatusCode code) {
  (code == absl::StatusCode::kPermissionDenied ? permission_denied_ : unauthenticated_).Increment();
}

void PrometheusSecurityMetrics::OnQuota(Quota quota) { quotas_.at(static_cast<size_t>(quota))->Increment(); }

void PrometheusSecurityMetrics::OnReload(bool well) { (well ? reloaded_ : reload_failed_).Increment(); }

void PrometheusSecurityMetrics::OnCertificate(absl::Time expires) {
  expiry_.Add({}).Set(static_cast<double>(absl::ToUnixSeconds(expires)));
}

}  // namespace timbre::metrics
