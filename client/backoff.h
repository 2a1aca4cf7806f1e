#pragma once

#include <functional>
#include <random>

#include "absl/time/time.h"

namespace timbre::client {

// Waits. Injected so that tests wait for nothing; RealSleeper() is the world's.
using Sleeper = std::function<void(absl::Duration)>;
Sleeper RealSleeper();

// How long to wait between attempts.
struct BackoffOptions {
  absl::Duration initial = absl::Milliseconds(200);
  absl::Duration max = absl::Seconds(10);
  double multiplier = 1.7;
  // Each wait is drawn from [1 - jitter, 1 + jitter] times its length, so that a crowd does not come back at
  // once.
  double jitter = 0.2;
};

// A growing wait: initial, initial * multiplier, ... up to max.
// Threads: not safe.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options);

  absl::Duration Next();
  // After a success: begins again at `initial`.
  void Reset();

 private:
  BackoffOptions options_;
  absl::Duration next_;
  std::mt19937_64 random_;
};

}  // namespace timbre::client
