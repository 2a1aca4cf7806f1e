#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/embed/caller.h"

namespace timbre::embed {

// How long each phase of a request took.
struct Timings {
  absl::Duration decode = {};  // bytes -> windows, waiting for the decode pool included
  absl::Duration queue = {};   // in the batcher
  absl::Duration infer = {};   // in the engine
  absl::Duration encode = {};  // pooling, scoring and making the answer
  absl::Duration total = {};
};

// What waits, of one priority.
struct Waiting {
  int64_t windows = 0;         // for a batch
  absl::Duration oldest = {};  // how long what waits longest for a batch has waited
};

// How full the embedder is.
struct Load {
  int64_t windows_inside = 0;  // being decoded, waiting and in the engine
  Waiting interactive = {}, bulk = {};
  // Of what waits longest for a decoding thread, where all stand in one line.
  absl::Duration oldest_decode_wait = {};
  absl::Duration expected_wait = {};  // until what is inside now will be done
};

// What was answered: a request, or a piece of a stream (the windows that went to the batcher together).
struct AnswerReport {
  const Timings& timings;
  double audio_seconds = 0;
  const std::string& model;
  Priority priority = Priority::kInteractive;
};

// Told by embedder and batcher; must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnAnswer(const AnswerReport&) {}
  // A request or a stream has ended. `model` is empty where that was before its model was found.
  virtual void OnEnd(const absl::Status& /*status*/, const std::string& /*model*/) {}
  virtual void OnBatch(int64_t /*windows*/, absl::Duration /*infer*/) {}
};

}  // namespace timbre::embed
