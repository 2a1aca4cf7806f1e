#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/bench/pacer.h"
#include "client/bench/target.h"
#include "client/bench/timeline.h"

namespace timbre::bench {

// One call that was due. Times are since the load's start.
struct Outcome {
  enum class End {
    kAnswered,  // by an answer or an error
    kDropped,   // never sent: too many were in flight
    kCutOff,    // ended by this side, because the load was stopped
  };
  End end = End::kAnswered;
  absl::StatusCode code = absl::StatusCode::kOk;
  int windows = 0;
  float audio_seconds = 0;
  Phases phases = {};
  absl::Duration due = absl::ZeroDuration();
  absl::Duration sent = absl::ZeroDuration();
  absl::Duration ended = absl::ZeroDuration();

  bool ok() const { return end == End::kAnswered && code == absl::StatusCode::kOk; }
};

// All that was due, in the order of their ends, the warm-up included (some 100 bytes a call).
struct LoadResult {
  std::vector<Outcome> outcomes = {};
  // What is measured: calls due in [begin, end). A load that was stopped ends early.
  absl::Duration begin = absl::ZeroDuration();
  absl::Duration end = absl::ZeroDuration();
  bool stopped = false;
  // The first message of each error.
  std::map<absl::StatusCode, std::string> messages = {};
};

// What may end a load early. Either may be empty.
struct LoadControl {
  // Asked at least ten times a second.
  std::function<bool()> stop = {};
  // Shown each call that ended; true when no more are needed.
  std::function<bool(const Outcome&)> enough = {};
};

// Makes the load on the calling thread and returns when all its calls have ended: at the plan's end those in
// flight are waited for (their deadlines bound that), after a stop they are cancelled.
// A latency is counted from the time that a call was due at, not from when it was sent: a server that stalls
// is charged for all that would have come meanwhile (no coordinated omission).
LoadResult RunLoad(const LoadPlan& plan, Target& target, Timeline& timeline, const LoadControl& control = {});

}  // namespace timbre::bench
