#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/engine/encoder.h"

namespace timbre::fakes {

// An encoder of tiny windows whose gate the test holds: a closed gate keeps each call inside Encode, and the
// test can wait until a call is there. A window [a, b] becomes the embedding [a + b, a - b]. Threads: safe.
class GateEncoder final : public engine::Encoder {
 public:
  absl::Status Encode(std::span<const float> windows, int64_t count, std::span<float> out) override {
    base::MutexLock lock(mutex_);
    batches_.push_back({windows.begin(), windows.end()});
    changed_.NotifyAll();
    while (closed_) changed_.Wait(mutex_);
    if (!failure_.ok()) return std::exchange(failure_, absl::OkStatus());
    for (size_t i = 0; i < 2 * static_cast<size_t>(count); i += 2) {
      out[i] = windows[i] + windows[i + 1];
      out[i + 1] = windows[i] - windows[i + 1];
    }
    return absl::OkStatus();
  }
  int64_t window_samples() const override { return 2; }
  int64_t embedding_dim() const override { return 2; }
  std::string description() const override { return "gate"; }

  void Close() {
    base::MutexLock lock(mutex_);
    closed_ = true;
  }
  void Open() {
    base::MutexLock lock(mutex_);
    closed_ = false;
    changed_.NotifyAll();
  }
  // The next call to end fails so.
  void FailOnce(absl::Status failure) {
    base::MutexLock lock(mutex_);
    failure_ = std::move(failure);
  }
  // Blocks until `count` calls have come in.
  void AwaitCalls(size_t count) {
    base::MutexLock lock(mutex_);
    while (batches_.size() < count) changed_.Wait(mutex_);
  }
  // The first sample of each window, batch by batch.
  std::vector<std::vector<float>> batches() const {
    base::MutexLock lock(mutex_);
    std::vector<std::vector<float>> firsts;
    for (const auto& batch : batches_) {
      auto& first = firsts.emplace_back();
      for (size_t i = 0; i < batch.size(); i += 2) first.push_back(batch[i]);
    }
    return firsts;
  }

 private:
  mutable base::Mutex mutex_;
  base::Condition changed_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<float>> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timbre::fakes
