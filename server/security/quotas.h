#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "server/security/observer.h"

namespace timbre::security {

// What a client may take; 0: no limit.
struct Quota {
  double requests_per_second = 0;
  double windows_per_second = 0;
  int uploads = 0;  // at once
  int jobs = 0;     // that have not ended
};

// What clients have taken lately. Rates are token buckets that hold ten seconds' worth (and at least one).
// Windows are paid when they are known, that is after the audio was decoded: a call may leave a debt, and the
// next ones are refused until it is paid off. Threads: safe. Never blocks.
class Quotas {
 public:
  struct Options {
    Quota each = {};
    std::map<std::string, Quota> clients = {};  // instead of `each`
    Observer* observer = nullptr;               // may be null
    const base::Clock* clock = &base::Clock::System();
  };
  explicit Quotas(Options options) : options_(std::move(options)) {}

  const Quota& Of(const std::string& client) const;

  // Errors of both: kResourceExhausted with base::RetryAfterOf.
  absl::Status OnCall(const std::string& client);
  absl::Status OnWindows(const std::string& client, int64_t windows);

  // For streams, which are held back instead of refused: takes the windows and says how long to wait before
  // the next.
  absl::Duration Pace(const std::string& client, int64_t windows);

  // A place among the client's uploads, given back with the last copy; null where there is no limit. Errors:
  // kResourceExhausted.
  absl::StatusOr<std::shared_ptr<void>> BeginUpload(const std::string& client);

  // Counts a job that was refused: who keeps the jobs compares them with Of(client).jobs.
  void OnJobRefused() const;

  // Clients that are remembered now, for tests.
  size_t remembered() const;

 private:
  struct Bucket {
    double level = 0;
    absl::Time filled = absl::InfinitePast();  // never: full
  };
  struct Account {
    Bucket requests, windows;
    int uploads = 0;
  };
  struct Refill {
    double rate = 0;
    double capacity = 0;
    absl::Time now;
  };

  static void Fill(const Refill& refill, Bucket& bucket);
  Refill RefillOf(double rate) const;
  absl::Status Refuse(QuotaKind quota, const std::string& text, absl::Duration wait);
  void ForgetIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndUpload(const std::string& client);

  const Options options_;
  mutable base::Mutex mutex_;
  std::map<std::string, Account> accounts_ ABSL_GUARDED_BY(mutex_);
  size_t forget_at_ ABSL_GUARDED_BY(mutex_) = 1024;  // accounts
};

}  // namespace timbre::security
