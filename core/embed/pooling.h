#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace timbre::embed {

// The clip embedding: mean over windows, accumulated in double. embeddings [windows, dim] -> [dim]. Requires
// windows >= 1.
std::vector<float> MeanOverWindows(std::span<const float> embeddings, int64_t windows, int64_t dim);

// The same, window by window: constant memory for streams.
class RunningMean {
 public:
  explicit RunningMean(int64_t dim) : sum_(static_cast<size_t>(dim), 0.0) {}
  void Add(std::span<const float> embedding);
  std::vector<float> Mean() const;  // requires count() >= 1
  int64_t count() const { return count_; }

 private:
  std::vector<double> sum_;
  int64_t count_ = 0;
};

}  // namespace timbre::embed
