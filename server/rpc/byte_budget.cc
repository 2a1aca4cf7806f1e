#include "server/rpc/byte_budget.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/exhausted.h"

namespace timbre::rpc {
namespace {

constexpr absl::Duration kRetryAfter = absl::Seconds(1);

// Alone it may take more than there is: its size is bounded elsewhere.
bool Fits(int64_t held, int64_t bytes, int64_t most) { return held == 0 || held + bytes <= most; }

}  // namespace

ByteBudget::Hold& ByteBudget::Hold::operator=(Hold&& other) noexcept {
  if (this == &other) return *this;
  Release();
  budget_ = std::exchange(other.budget_, nullptr);
  account_ = std::move(other.account_);
  bytes_ = other.bytes_;
  return *this;
}

void ByteBudget::Hold::Release() {
  if (budget_ != nullptr) std::exchange(budget_, nullptr)->Give(account_, bytes_);
}

absl::StatusOr<ByteBudget::Hold> ByteBudget::Take(const std::string& account, int64_t bytes) {
  base::MutexLock lock(mutex_);
  const auto found = accounts_.find(account);
  const int64_t own = found == accounts_.end() ? 0 : found->second;
  const bool own_fits = Fits(own, bytes, most_ / 2);
  if (!own_fits || !Fits(held_, bytes, most_)) {
    return base::ExhaustedError(
        own_fits ? base::Exhausted::kFull : base::Exhausted::kQuota,
        absl::StrCat(own_fits ? "the calls of all clients" : "your calls", " that are not answered hold ",
                     own_fits ? held_ : own, " bytes of messages; with these ", bytes,
                     " they would hold more than ", own_fits ? most_ : most_ / 2,
                     ": send fewer or smaller ones at a time"),
        kRetryAfter);
  }
  held_ += bytes;
  accounts_[account] += bytes;
  return Hold(*this, account, bytes);
}

void ByteBudget::Give(const std::string& account, int64_t bytes) {
  base::MutexLock lock(mutex_);
  held_ -= bytes;
  const auto found = accounts_.find(account);
  found->second -= bytes;
  if (found->second == 0) accounts_.erase(found);
}

int64_t ByteBudget::held() const {
  base::MutexLock lock(mutex_);
  return held_;
}

}  // namespace timbre::rpc
