#pragma once

#include <algorithm>
#include <map>
#include <utility>

#include "client/bench/target.h"
#include "client/bench/timeline.h"

namespace timbre::bench {

// A server that takes calls one after another, each for the same time, on a clock that moves only while the
// load waits: what a load sees of it can be computed by hand.
class SimulatedServer final : public Target, public Timeline {
 public:
  explicit SimulatedServer(absl::Duration service) : service_(service) {}

  // No call is taken up in [from, until).
  void Stall(absl::Duration from, absl::Duration until) { stall_ = {from, until}; }
  // More calls than this at once are refused at once; 0: any number waits.
  void RefuseAbove(size_t in_flight) { capacity_ = in_flight; }

  absl::Duration Now() const override { return now_; }

  // One answer at most: a real clock too may return early.
  void WaitUntil(absl::Duration until) override {
    if (answers_.empty() || answers_.begin()->first > until) {
      now_ = until;
      return;
    }
    now_ = std::max(now_, answers_.begin()->first);
    const Done done = std::move(answers_.begin()->second);
    answers_.erase(answers_.begin());
    done({.windows = 1, .audio_seconds = 2.5F, .phases = {.total_ms = Ms(service_)}});
  }

  void Wake() override {}

  void Send(Done done) override {
    if (capacity_ > 0 && answers_.size() >= capacity_)
      return done({.status = absl::ResourceExhaustedError("the queue is full")});
    absl::Duration begin = std::max(now_, free_at_);
    if (begin >= stall_.first && begin < stall_.second) begin = stall_.second;
    free_at_ = begin + service_;
    answers_.emplace(free_at_, std::move(done));
  }

  void CancelAll() override {
    for (auto& [at, done] : std::exchange(answers_, {})) done({.status = absl::CancelledError("cancelled")});
  }

 private:
  static float Ms(absl::Duration duration) {
    return static_cast<float>(absl::ToDoubleMilliseconds(duration));
  }

  const absl::Duration service_;
  std::pair<absl::Duration, absl::Duration> stall_ = {absl::InfiniteDuration(), absl::InfiniteDuration()};
  size_t capacity_ = 0;
  absl::Duration now_ = absl::ZeroDuration();
  absl::Duration free_at_ = absl::ZeroDuration();
  std::multimap<absl::Duration, Done> answers_;
};

}  // namespace timbre::bench
