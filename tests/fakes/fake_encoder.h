#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "core/engine/encoder.h"

namespace timbre::fakes {

// An encoder without a network: embedding[d] = scale * mean of the window's d-th segment, where the segments
// are `embedding_dim` equal parts of the window (the last one takes the rest). So a test can say what an
// answer must be. Threads: safe.
class FakeEncoder final : public engine::Encoder {
 public:
  struct Options {
    int64_t window_samples = 59049;
    int64_t embedding_dim = 4;
    float scale = 1.0F;  // tells versions apart
  };

  FakeEncoder() : FakeEncoder(Options()) {}
  explicit FakeEncoder(const Options& options) : options_(options) {}

  absl::Status Encode(std::span<const float> windows, int64_t count, std::span<float> out) override {
    calls_.fetch_add(1);
    {
      base::MutexLock lock(mutex_);
      while (held_) released_.Wait(mutex_);
      if (!failure_.ok()) return failure_;
    }
    if (count < 1 || static_cast<int64_t>(windows.size()) != count * options_.window_samples ||
        static_cast<int64_t>(out.size()) != count * options_.embedding_dim) {
      return absl::InternalError("FakeEncoder::Encode got shapes that do not fit");
    }
    for (int64_t i = 0; i < count; ++i) {
      const auto window = windows.subspan(static_cast<size_t>(i * options_.window_samples),
                                          static_cast<size_t>(options_.window_samples));
      for (int64_t d = 0; d < options_.embedding_dim; ++d) {
        out[static_cast<size_t>(i * options_.embedding_dim + d)] = SegmentMean(window, d);
      }
    }
    windows_.fetch_add(count);
    int64_t largest = largest_batch_.load();
    while (count > largest && !largest_batch_.compare_exchange_weak(largest, count)) {
    }
    return absl::OkStatus();
  }

  int64_t window_samples() const override { return options_.window_samples; }
  int64_t embedding_dim() const override { return options_.embedding_dim; }
  std::string description() const override { return "fake"; }

  // What later calls return; OK: they encode again.
  void SetFailure(absl::Status failure) {
    base::MutexLock lock(mutex_);
    failure_ = std::move(failure);
  }

  // Calls wait inside Encode between Hold and Release.
  void Hold() {
    base::MutexLock lock(mutex_);
    held_ = true;
  }
  void Release() {
    base::MutexLock lock(mutex_);
    held_ = false;
    released_.NotifyAll();
  }

  int64_t calls() const { return calls_.load(); }      // of Encode, those that wait or fail included
  int64_t windows() const { return windows_.load(); }  // encoded in all
  int64_t largest_batch() const { return largest_batch_.load(); }

 private:
  float SegmentMean(std::span<const float> window, int64_t segment) const {
    const int64_t length = options_.window_samples / options_.embedding_dim;
    const int64_t begin = segment * length;
    const int64_t end = segment + 1 == options_.embedding_dim ? options_.window_samples : begin + length;
    double sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += window[static_cast<size_t>(i)];
    return end == begin ? 0.0F : options_.scale * static_cast<float>(sum / static_cast<double>(end - begin));
  }

  const Options options_;
  std::atomic<int64_t> calls_ = 0;
  std::atomic<int64_t> largest_batch_ = 0;
  std::atomic<int64_t> windows_ = 0;
  base::Mutex mutex_;
  base::Condition released_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timbre::fakes
