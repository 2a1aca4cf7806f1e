#include "core/base/retry_after.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"

namespace timbre::base {
namespace {

constexpr char kRetryAfterKey[] = "timbre/retry-after";

}  // namespace

absl::Status WithRetryAfter(absl::Status status, absl::Duration delay) {
  if (!status.ok()) status.SetPayload(kRetryAfterKey, absl::Cord(absl::FormatDuration(delay)));
  return status;
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryAfterKey);
  absl::Duration delay;
  if (!payload || !absl::ParseDuration(std::string(*payload), &delay)) return std::nullopt;
  return delay;
}

}  // namespace timbre::base
