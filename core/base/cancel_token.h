#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"

namespace timbre::base {

namespace internal {
struct CancelState;
}

// The reading end of a cancellation: client cancel, deadline, job cancel and shutdown all arrive as one of these.
// Copies share the state. A default-constructed token is never cancelled.
// Threads: safe.
class CancelToken {
 public:
  CancelToken() = default;

  // OK while not cancelled, afterwards the status given to CancelSource::Cancel. Loops poll it once a step.
  absl::Status Check() const;
  bool cancelled() const;

  // Runs `callback` once, on the cancelling thread, when the cancel comes (at once if it has come already).
  // The callback must not block, nor call RemoveCallback. Returns an id for RemoveCallback.
  int64_t OnCancel(std::function<void()> callback) const;

  // After it returns, the callback of `id` is neither running nor will run.
  void RemoveCallback(int64_t id) const;

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<internal::CancelState> state) : state_(std::move(state)) {}
  std::shared_ptr<internal::CancelState> state_;
};

// The writing end. Threads: safe.
class CancelSource {
 public:
  CancelSource();

  CancelToken token() const { return CancelToken(state_); }

  // The first call wins; `reason` must not be OK.
  void Cancel(absl::Status reason = absl::CancelledError("cancelled"));

 private:
  std::shared_ptr<internal::CancelState> state_;
};

}  // namespace timbre::base
