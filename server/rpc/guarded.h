#pragma once

#include <exception>
#include <new>

#include "absl/status/status.h"
#include "core/base/exhausted.h"

namespace timbre::rpc {

// Runs a piece of a call's work, and returns its status: what runs out of memory, or throws, ends its call
// and not the server.
template <typename Body>
absl::Status Guarded(Body&& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return base::ExhaustedError(base::Exhausted::kFull, "the server has no memory left for this call");
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

}  // namespace timbre::rpc
