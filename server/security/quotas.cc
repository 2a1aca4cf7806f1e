#include "server/security/quotas.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/exhausted.h"

namespace timbre::security {
namespace {

constexpr double kBurstSeconds = 10;

}  // namespace

const Quota& Quotas::Of(const std::string& client) const {
  const auto found = options_.clients.find(client);
  return found == options_.clients.end() ? options_.each : found->second;
}

Quotas::Refill Quotas::RefillOf(double rate) const {
  return {rate, std::max(1.0, rate * kBurstSeconds), options_.clock->Now()};
}

void Quotas::Fill(const Refill& refill, Bucket& bucket) {
  if (bucket.filled == absl::InfinitePast()) {
    bucket.level = refill.capacity;
  } else {
    const double gained = refill.rate * absl::ToDoubleSeconds(refill.now - bucket.filled);
    bucket.level = std::min(refill.capacity, bucket.level + std::max(0.0, gained));
  }
  bucket.filled = refill.now;
}

absl::Status Quotas::Refuse(QuotaKind quota, const std::string& text, absl::Duration wait) {
  if (options_.observer != nullptr) options_.observer->OnQuota(quota);
  return base::ExhaustedError(base::Exhausted::kQuota, text, wait);
}

void Quotas::OnJobRefused() const {
  if (options_.observer != nullptr) options_.observer->OnQuota(QuotaKind::kJobs);
}

absl::Status Quotas::OnCall(const std::string& client) {
  const double rate = Of(client).requests_per_second;
  if (rate <= 0) return absl::OkStatus();
  const Refill refill = RefillOf(rate);
  double missing = 0;
  {
    base::MutexLock lock(mutex_);
    ForgetIdle();
    Bucket& bucket = accounts_[client].requests;
    Fill(refill, bucket);
    if (bucket.level >= 1) {
      bucket.level -= 1;
      return absl::OkStatus();
    }
    missing = 1 - bucket.level;
  }
  return Refuse(
      QuotaKind::kRequests,
      absl::StrCat("client '", client, "' makes more calls than its quota of ", rate, " a second; slow down"),
      absl::Seconds(missing / rate));
}

absl::Status Quotas::OnWindows(const std::string& client, int64_t windows) {
  const double rate = Of(client).windows_per_second;
  if (rate <= 0) return absl::OkStatus();
  const Refill refill = RefillOf(rate);
  double debt = 0;
  {
    base::MutexLock lock(mutex_);
    ForgetIdle();
    Bucket& bucket = accounts_[client].windows;
    Fill(refill, bucket);
    if (bucket.level > 0) {
      bucket.level -= static_cast<double>(windows);
      return absl::OkStatus();
    }
    debt = -bucket.level;
  }
  return Refuse(QuotaKind::kWindows,
                absl::StrCat("client '", client, "' sends more audio than its quota of ", rate,
                             " windows a second; slow down"),
                absl::Seconds((debt + std::min(1.0, rate)) / rate));
}

absl::Duration Quotas::Pace(const std::string& client, int64_t windows) {
  const double rate = Of(client).windows_per_second;
  if (rate <= 0) return absl::ZeroDuration();
  const Refill refill = RefillOf(rate);
  base::MutexLock lock(mutex_);
  ForgetIdle();
  Bucket& bucket = accounts_[client].windows;
  Fill(refill, bucket);
  bucket.level -= static_cast<double>(windows);
  return bucket.level > 0 ? absl::ZeroDuration() : absl::Seconds(-bucket.level / rate);
}

absl::StatusOr<std::shared_ptr<void>> Quotas::BeginUpload(const std::string& client) {
  const int most = Of(client).uploads;
  if (most <= 0) return std::shared_ptr<void>();
  {
    base::MutexLock lock(mutex_);
    ForgetIdle();
    Account& account = accounts_[client];
    if (account.uploads < most) {
      ++account.uploads;
      return std::shared_ptr<void>(this, [this, client](void*) { EndUpload(client); });
    }
  }
  return Refuse(QuotaKind::kUploads,
                absl::StrCat("client '", client, "' has ", most,
                             " uploads under way, which is its quota; wait for one to end"),
                absl::Seconds(5));
}

void Quotas::EndUpload(const std::string& client) {
  base::MutexLock lock(mutex_);
  --accounts_[client].uploads;
}

// An account that has nothing under way and whose buckets are full again is as good as none. Without this,
// who changes its address all the time would fill the memory.
void Quotas::ForgetIdle() {
  if (accounts_.size() < forget_at_) return;
  for (auto it = accounts_.begin(); it != accounts_.end();) {
    const Quota& quota = Of(it->first);
    Account& account = it->second;
    bool full = account.uploads == 0;
    for (const auto& [rate, bucket] : {std::pair(quota.requests_per_second, &account.requests),
                                       std::pair(quota.windows_per_second, &account.windows)}) {
      if (rate <= 0 || bucket->filled == absl::InfinitePast()) continue;
      const Refill refill = RefillOf(rate);
      Fill(refill, *bucket);
      full = full && bucket->level >= refill.capacity;
    }
    it = full ? accounts_.erase(it) : std::next(it);
  }
  forget_at_ = std::max<size_t>(1024, 2 * accounts_.size());
}

size_t Quotas::remembered() const {
  base::MutexLock lock(mutex_);
  return accounts_.size();
}

}  // namespace timbre::security
