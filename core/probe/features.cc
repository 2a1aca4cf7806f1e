#include "core/probe/features.h"

#include <cmath>
#include <utility>

namespace timbre::probe {

FeatureTransform FeatureTransform::Fit(Features kind, std::span<const float> embeddings, int64_t dim) {
  FeatureTransform transform;
  transform.kind_ = kind;
  transform.dim_ = dim;
  if (kind == Features::kStandardized) transform.scaler_ = FeatureScaler::Fit(embeddings, dim);
  return transform;
}

std::vector<float> FeatureTransform::Apply(std::span<const float> embeddings) const {
  switch (kind_) {
    case Features::kL2Normalized:
      return L2Normalized(embeddings, dim_);
    case Features::kStandardized:
      return scaler_.Apply(embeddings);
    case Features::kRaw:
      break;
  }
  return {embeddings.begin(), embeddings.end()};
}

weights::TagHead FeatureTransform::Fold(weights::TagHead head) const {
  if (kind_ == Features::kL2Normalized) head.l2_normalize = true;
  if (kind_ == Features::kStandardized) head.layers.front() = scaler_.Fold(head.layers.front());
  return head;
}

std::vector<float> L2Normalized(std::span<const float> rows, int64_t dim) {
  const auto width = static_cast<size_t>(dim);
  std::vector<float> normalized(rows.begin(), rows.end());
  for (size_t begin = 0; begin < normalized.size(); begin += width) {
    const std::span<float> row = std::span(normalized).subspan(begin, width);
    double squares = 0;
    for (const float value : row) squares += static_cast<double>(value) * value;
    if (squares == 0) continue;
    const double scale = 1 / std::sqrt(squares);
    for (float& value : row) value = static_cast<float>(value * scale);
  }
  return normalized;
}

std::vector<Features> Candidates(const ProbeConfig& config) {
  if (config.features.has_value()) return {*config.features};
  return {Features::kRaw, Features::kStandardized};
}

}  // namespace timbre::probe
