#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/embed/observer.h"

namespace timbre::embed {

// The watch of one stream: tells the observer how long the phases of each piece took (the windows that went
// to the batcher together), and how the stream ended. What the stream waits for its client counts for
// nothing. Threads: one call at a time. Lifetime: clock and observer (which may be null) outlive it.
class StreamMeter {
 public:
  StreamMeter(const base::Clock& clock, Observer* observer, Priority priority = Priority::kInteractive)
      : clock_(clock), observer_(observer), priority_(priority) {}

  void OnModel(const std::string& model) { model_ = model; }

  // Decoding, waiting for a thread of the pool included. Beginning twice is beginning once.
  void DecodeBegins();
  void DecodeEnds();
  // A piece in its order: to the batcher (decoding ends), back after `infer` in the engine, its answers made.
  void Submitted();
  void Encoded(absl::Duration infer);
  void Answered(double audio_seconds);

  void Ended(const absl::Status& status);

  // Of all pieces together; `total` is the sum of the phases.
  const Timings& timings() const { return all_; }

 private:
  const base::Clock& clock_;
  Observer* const observer_;
  const Priority priority_;
  std::string model_;
  Timings piece_, all_;
  absl::Time decode_began_ = absl::InfinitePast();  // past: it stands
  absl::Time submitted_, encoded_;
};

}  // namespace timbre::embed
