#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace timbre::security {

// The rates and counts that a quota bounds.
enum class QuotaKind { kRequests, kWindows, kUploads, kJobs };

// Told what the room decides; metrics stand behind it. Threads: safe. Must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  // A call was refused: kUnauthenticated or kPermissionDenied.
  virtual void OnRefused(absl::StatusCode /*code*/) {}
  // A call, upload or job was over its client's quota.
  virtual void OnQuota(QuotaKind /*quota*/) {}
  // The files of certificate or tokens were read again, or could not be used.
  virtual void OnReload(bool /*well*/) {}
  // When the certificate that new connections get ends.
  virtual void OnCertificate(absl::Time /*expires*/) {}
};

}  // namespace timbre::security
