#pragma once

#include "core/embed/observer.h"
#include "server/rpc/call.h"

namespace timbre::services {

// The phases of a request or stream, for its log line.
inline void NotePhases(const embed::Timings& timings, rpc::CallRecord& record) {
  record.Note({"decode_ms", absl::ToDoubleMilliseconds(timings.decode)});
  record.Note({"queue_ms", absl::ToDoubleMilliseconds(timings.queue)});
  record.Note({"infer_ms", absl::ToDoubleMilliseconds(timings.infer)});
  record.Note({"encode_ms", absl::ToDoubleMilliseconds(timings.encode)});
}

}  // namespace timbre::services
