#include "client/bench/load.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace timbre::bench {
namespace {

class Load {
 public:
  Load(const LoadPlan& plan, Target& target, Timeline& timeline, const LoadControl& control)
      : plan_(plan), target_(target), timeline_(timeline), control_(control), pacer_(plan) {}

  LoadResult Run() {
    while (!StopAsked() && Advance()) Collect();
    result_.begin = std::min(plan_.warmup, timeline_.Now());
    result_.end = std::min(plan_.End(), timeline_.Now());
    for (Collect(); in_flight_ > 0; Collect()) {
      if (StopAsked() && !std::exchange(result_.stopped, true)) target_.CancelAll();
      timeline_.WaitUntil(absl::InfiniteDuration());
    }
    result_.stopped |= stop_;
    return std::move(result_);
  }

 private:
  struct Ended {
    absl::Duration due, sent, at;
    Reply reply;
  };

  // One step; false when nothing more is due.
  bool Advance() {
    const Pacer::Step step = pacer_.Next(timeline_.Now(), in_flight_);
    switch (step.action) {
      case Pacer::Action::kSend:
        Send(step.at);
        return true;
      case Pacer::Action::kDrop:
        Note({.end = Outcome::End::kDropped, .due = step.at, .sent = step.at, .ended = step.at});
        return true;
      case Pacer::Action::kWait:
        timeline_.WaitUntil(step.at);
        return true;
      case Pacer::Action::kOver:
        return false;
    }
    return false;
  }

  void Send(absl::Duration due) {
    ++in_flight_;
    target_.Send([this, due, sent = timeline_.Now()](Reply reply) {
      const absl::Duration at = timeline_.Now();
      // Under the lock to the end: once Collect has seen the last call, this object may go.
      std::lock_guard lock(mutex_);
      ended_.push_back({due, sent, at, std::move(reply)});
      timeline_.Wake();
    });
  }

  void Collect() {
    std::vector<Ended> ended;
    {
      std::lock_guard lock(mutex_);
      ended.swap(ended_);
    }
    for (const Ended& call : ended) {
      --in_flight_;
      const absl::StatusCode code = call.reply.status.code();
      const bool cut_off = result_.stopped && code == absl::StatusCode::kCancelled;
      if (code != absl::StatusCode::kOk && !cut_off)
        result_.messages.try_emplace(code, call.reply.status.message());
      Note({.end = cut_off ? Outcome::End::kCutOff : Outcome::End::kAnswered,
            .code = code,
            .windows = call.reply.windows,
            .audio_seconds = call.reply.audio_seconds,
            .phases = call.reply.phases,
            .due = call.due,
            .sent = call.sent,
            .ended = call.at});
    }
  }

  void Note(const Outcome& outcome) {
    result_.outcomes.push_back(outcome);
    if (control_.enough && !stop_) stop_ = control_.enough(outcome);
  }

  bool StopAsked() {
    if (!stop_ && control_.stop) stop_ = control_.stop();
    return stop_;
  }

  const LoadPlan plan_;
  Target& target_;
  Timeline& timeline_;
  const LoadControl& control_;
  Pacer pacer_;
  LoadResult result_;
  int in_flight_ = 0;
  bool stop_ = false;
  std::mutex mutex_;
  std::vector<Ended> ended_;  // guarded by mutex_
};

}  // namespace

LoadResult RunLoad(const LoadPlan& plan, Target& target, Timeline& timeline, const LoadControl& control) {
  return Load(plan, target, timeline, control).Run();
}

}  // namespace timbre::bench
