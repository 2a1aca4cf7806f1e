#include "core/probe/feature_scaler.h"

#include <cmath>

namespace timbre::probe {
namespace {

constexpr double kRoundingNoise = 1e-7;

}  // namespace

FeatureScaler FeatureScaler::Fit(std::span<const float> features, int64_t dim) {
  const auto width = static_cast<size_t>(dim);
  const size_t row_count = features.size() / width;
  const auto rows = static_cast<double>(row_count);
  FeatureScaler scaler;
  scaler.mean_.assign(width, 0.0);
  scaler.scale_.assign(width, 0.0);
  for (size_t i = 0; i < features.size(); ++i) scaler.mean_[i % width] += features[i];
  for (double& mean : scaler.mean_) mean /= rows;
  for (size_t i = 0; i < features.size(); ++i) {
    const double difference = features[i] - scaler.mean_[i % width];
    scaler.scale_[i % width] += difference * difference;
  }
  for (size_t d = 0; d < width; ++d) {
    const double deviation = std::sqrt(scaler.scale_[d] / rows);
    scaler.scale_[d] = deviation > kRoundingNoise * std::abs(scaler.mean_[d]) ? 1 / deviation : 0;
  }
  return scaler;
}

std::vector<float> FeatureScaler::Apply(std::span<const float> features) const {
  std::vector<float> scaled(features.size());
  for (size_t i = 0; i < features.size(); ++i) {
    const size_t d = i % mean_.size();
    scaled[i] = static_cast<float>((features[i] - mean_[d]) * scale_[d]);
  }
  return scaled;
}

weights::DenseLayer FeatureScaler::Fold(const weights::DenseLayer& layer) const {
  weights::DenseLayer folded = layer;
  const size_t width = mean_.size();
  for (size_t output = 0; output < layer.bias.size(); ++output) {
    double bias = layer.bias[output];
    for (size_t d = 0; d < width; ++d) {
      // The bias must cancel the weights as they are after rounding to float.
      const size_t i = output * width + d;
      folded.weight[i] = static_cast<float>(layer.weight[i] * scale_[d]);
      bias -= static_cast<double>(folded.weight[i]) * mean_[d];
    }
    folded.bias[output] = static_cast<float>(bias);
  }
  return folded;
}

}  // namespace timbre::probe
