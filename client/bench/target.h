#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace timbre::bench {

// How long the server says that each phase took, in milliseconds.
struct Phases {
  float decode_ms = 0;
  float queue_ms = 0;
  float infer_ms = 0;
  float total_ms = 0;
};

// How a call ended.
struct Reply {
  absl::Status status = {};
  int windows = 0;
  float audio_seconds = 0;
  Phases phases = {};
  std::string model_version = {};
};

// What is loaded.
// Threads: Send and CancelAll come from one thread.
// Lifetime: outlives its calls.
class Target {
 public:
  using Done = std::function<void(Reply)>;

  virtual ~Target() = default;

  // Begins a call and returns. `done` is called once, on any thread, maybe before this returns, and must not
  // block.
  virtual void Send(Done done) = 0;

  // Makes the calls in flight end soon.
  virtual void CancelAll() = 0;
};

}  // namespace timbre::bench
