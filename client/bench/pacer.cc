#include "client/bench/pacer.h"

#include <algorithm>

namespace timbre::bench {

Pacer::Pacer(const LoadPlan& plan) : plan_(plan) {
  if (plan_.rps <= 0) return;
  schedule_.emplace(plan_.arrivals, plan_.rps, plan_.seed);
  due_ = schedule_->Next();
}

Pacer::Step Pacer::Next(absl::Duration now, int in_flight) {
  if (schedule_.has_value()) return NextOpen(now, in_flight);
  if (now >= plan_.End()) return {Action::kOver, plan_.End()};
  if (in_flight < plan_.concurrency) return {Action::kSend, now};
  return {Action::kWait, plan_.End()};
}

Pacer::Step Pacer::NextOpen(absl::Duration now, int in_flight) {
  // What is due before the end is sent even if it is late.
  if (due_ <= now && due_ < plan_.End()) {
    const Step step{in_flight < plan_.max_in_flight ? Action::kSend : Action::kDrop, due_};
    due_ = schedule_->Next();
    return step;
  }
  if (now >= plan_.End()) return {Action::kOver, plan_.End()};
  return {Action::kWait, std::min(due_, plan_.End())};
}

}  // namespace timbre::bench
