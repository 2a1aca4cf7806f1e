#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace timbre::embed {

// How long each phase of a request took.
struct Timings {
  absl::Duration decode;  // bytes -> windows, waiting for the decode pool included
  absl::Duration queue;   // in the batcher
  absl::Duration infer;   // in the engine
  absl::Duration total;
};

// Told by embedder and batcher; must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnRequest(const Timings&, const absl::Status&, double /*audio_seconds*/) {}
  virtual void OnBatch(int64_t /*windows*/, absl::Duration /*infer*/) {}
  virtual void OnQueueDepth(int64_t /*windows*/) {}
};

}  // namespace timbre::embed
