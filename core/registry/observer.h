#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace timbre::registry {

// Told by the model registry, on the thread that loads or promotes; must not block for long.
class Observer {
 public:
  virtual ~Observer() = default;
  // A version was read and made into an encoder, or could not be.
  virtual void OnLoaded(const absl::Status&, absl::Duration /*took*/) {}
  // A label was moved to a version, or stayed where it was.
  virtual void OnPromoted(const absl::Status&) {}
};

}  // namespace timbre::registry
