#include "core/base/exhausted.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "core/base/retry_after.h"

namespace timbre::base {
namespace {

constexpr char kCauseKey[] = "timbre/exhausted";
constexpr std::pair<Exhausted, absl::string_view> kCauses[] = {
    {Exhausted::kFull, "full"}, {Exhausted::kQuota, "quota"}, {Exhausted::kLimit, "limit"}};

}  // namespace

absl::Status ExhaustedError(Exhausted cause, absl::string_view message,
                            std::optional<absl::Duration> retry_after) {
  absl::Status status = absl::ResourceExhaustedError(message);
  for (const auto& [value, name] : kCauses) {
    if (value == cause) status.SetPayload(kCauseKey, absl::Cord(name));
  }
  return retry_after ? WithRetryAfter(std::move(status), *retry_after) : status;
}

std::optional<Exhausted> ExhaustedCauseOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kCauseKey);
  if (!payload) return std::nullopt;
  for (const auto& [value, name] : kCauses) {
    if (*payload == name) return value;
  }
  return std::nullopt;
}

}  // namespace timbre::base
