#include "client/backoff.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace timbre::client {

Sleeper RealSleeper() {
  return [](absl::Duration duration) { absl::SleepFor(duration); };
}

Backoff::Backoff(const BackoffOptions& options)
    : options_(options), next_(options.initial), random_(std::random_device{}()) {}

absl::Duration Backoff::Next() {
  std::uniform_real_distribution<double> draw(1 - options_.jitter, 1 + options_.jitter);
  const absl::Duration wait = next_ * draw(random_);
  next_ = std::min(next_ * options_.multiplier, options_.max);
  return std::min(wait, options_.max);
}

void Backoff::Reset() { next_ = options_.initial; }

}  // namespace timbre::client
