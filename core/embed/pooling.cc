#include "core/embed/pooling.h"

#include <algorithm>

namespace timbre::embed {

std::vector<float> MeanOverWindows(std::span<const float> embeddings, int64_t windows, int64_t dim) {
  RunningMean mean(dim);
  const auto width = static_cast<size_t>(dim);
  for (size_t i = 0; i < static_cast<size_t>(windows); ++i) mean.Add(embeddings.subspan(i * width, width));
  return mean.Mean();
}

void RunningMean::Add(std::span<const float> embedding) {
  for (size_t d = 0; d < sum_.size(); ++d) sum_[d] += embedding[d];
  ++count_;
}

std::vector<float> RunningMean::Mean() const {
  std::vector<float> mean(sum_.size());
  std::transform(sum_.begin(), sum_.end(), mean.begin(),
                 [this](double sum) { return static_cast<float>(sum / static_cast<double>(count_)); });
  return mean;
}

}  // namespace timbre::embed
