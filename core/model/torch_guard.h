#pragma once

#include <functional>

#include "absl/status/status.h"

namespace timbre::model {

// The one place where LibTorch's exceptions become statuses: out of device memory is kResourceExhausted, all
// else kInternal; `what` says what was being done. Runs `body` and returns its status.
absl::Status TorchGuard(const char* what, const std::function<absl::Status()>& body);

}  // namespace timbre::model
