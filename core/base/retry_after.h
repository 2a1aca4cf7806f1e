#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace timbre::base {

// When it is worth trying again after an error that passes by itself, such as a full queue: a part of the
// status that its message need not repeat. The server sends it as google.rpc.RetryInfo. An OK status stays as
// it is.
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);

// Nothing where the status does not say.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

}  // namespace timbre::base
