#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace timbre::embed {

// How long each phase of a request took.
struct Timings {
  absl::Duration decode = {};  // bytes -> windows, waiting for the decode pool included
  absl::Duration queue = {};   // in the batcher
  absl::Duration infer = {};   // in the engine
  absl::Duration encode = {};  // pooling, scoring and making the answer
  absl::Duration total = {};
};

// How full the embedder is.
struct Load {
  int64_t windows_inside = 0;         // being decoded, waiting and in the engine
  int64_t windows_waiting = 0;        // for a batch
  absl::Duration oldest_wait = {};    // of the request that waits longest for a batch
  absl::Duration expected_wait = {};  // until what is inside now will be done
};

// A request that has ended.
struct RequestReport {
  const Timings& timings;
  const absl::Status& status;
  double audio_seconds = 0;
  const std::string& model;  // empty: it ended before its model was found
};

// Told by embedder and batcher; must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnRequest(const RequestReport&) {}
  virtual void OnBatch(int64_t /*windows*/, absl::Duration /*infer*/) {}
};

}  // namespace timbre::embed
