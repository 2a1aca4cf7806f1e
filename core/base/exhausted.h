#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace timbre::base {

// Why a kResourceExhausted is one, for who counts refusals: only of the first an operator should hear at
// once.
enum class Exhausted {
  kFull,   // the server has no room now, whoever asks
  kQuota,  // the client has had its share of what there is
  kLimit,  // more than one call may ever bring: waiting does not help
};

// A kResourceExhausted with its cause, and with RetryAfterOf where a time is given.
absl::Status ExhaustedError(Exhausted cause, absl::string_view message,
                            std::optional<absl::Duration> retry_after = std::nullopt);

// Nothing where the status does not say: disk and device memory, say, which are the server's own failing.
std::optional<Exhausted> ExhaustedCauseOf(const absl::Status& status);

}  // namespace timbre::base
