#include "server/observe/security_observer.h"

namespace timbre::observe {

void SecurityObserver::OnQuota(security::QuotaKind quota) {
  switch (quota) {
    case security::QuotaKind::kRequests:
      return metrics_.OnQuota(metrics::SecurityMetrics::Quota::kRequests);
    case security::QuotaKind::kWindows:
      return metrics_.OnQuota(metrics::SecurityMetrics::Quota::kWindows);
    case security::QuotaKind::kUploads:
      return metrics_.OnQuota(metrics::SecurityMetrics::Quota::kUploads);
    case security::QuotaKind::kJobs:
      return metrics_.OnQuota(metrics::SecurityMetrics::Quota::kJobs);
  }
}

}  // namespace timbre::observe
