#include "core/train_engine/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace timbre::train_engine {
namespace {

constexpr double kEpsilon = 1e-5, kMomentum = 0.1;  // PyTorch's defaults, which SampleCNN keeps

// y's mean and variance of channel `c`.
struct ChannelMoments {
  double mean, variance;
};

void NormaliseChannel(size_t c, const ChannelMoments& moments, const BlockParameters& parameters,
                      Normalisation& norm) {
  const double inverse_std = 1 / std::sqrt(moments.variance + kEpsilon);
  const double gamma = parameters.gamma[c], scale = gamma * inverse_std;
  norm.inverse_std[c] = inverse_std;
  norm.mean[c] = static_cast<float>(moments.mean);
  norm.scale[c] = static_cast<float>(scale);
  norm.shift[c] = static_cast<float>(parameters.beta[c] - scale * moments.mean);
  norm.sign[c] = gamma > 0 ? 1.0F : gamma < 0 ? -1.0F : 0.0F;
  const double unbiased = moments.variance * norm.count / (norm.count - 1);
  const auto move = [](float& running, double now) {
    running = static_cast<float>((1 - kMomentum) * running + kMomentum * now);
  };
  move(parameters.running_mean[c], moments.mean + parameters.bias[c]);
  move(parameters.running_var[c], unbiased);
}

Normalisation Sized(double count, size_t channels) {
  Normalisation norm{.count = count, .inverse_std = std::vector<double>(channels)};
  norm.mean = norm.scale = norm.shift = norm.sign = std::vector<float>(channels);
  return norm;
}

}  // namespace

void Moments::Reset(int64_t channels) {
  count_ = 0;
  mean_.assign(static_cast<size_t>(channels), 0);
  squares_.assign(static_cast<size_t>(channels), 0);
}

void Moments::Add(int64_t count, const float* origin, const float* sum, const float* squares) {
  const auto n = static_cast<double>(count);
  const double total = count_ + n, share = n / total, between = count_ * share, inverse = 1 / n;
  double* const mean = mean_.data();
  double* const own = squares_.data();
  for (size_t c = 0; c < mean_.size(); ++c) {
    const double offset = sum[c] * inverse;
    const double delta = origin[c] + offset - mean[c];
    own[c] += std::max(squares[c] - sum[c] * offset, 0.0) + delta * delta * between;
    mean[c] += delta * share;
  }
  count_ = total;
}

void Moments::Add(const Moments& other) {
  if (other.count_ == 0) return;
  const double total = count_ + other.count_, share = other.count_ / total, between = count_ * share;
  for (size_t c = 0; c < mean_.size(); ++c) {
    const double delta = other.mean_[c] - mean_[c];
    squares_[c] += other.squares_[c] + delta * delta * between;
    mean_[c] += delta * share;
  }
  count_ = total;
}

SampleMoments MeasureSamples(const float* windows, int64_t samples) {
  const int64_t frames = samples / 3;
  SampleMoments moments{.count = static_cast<double>(frames)};
  double sum[3] = {}, products[3][3] = {};
  const double origin[3] = {windows[0], windows[1], windows[2]};
  for (int64_t i = 0; i < samples; i += 3) {
    double s[3];
    for (int k = 0; k < 3; ++k) sum[k] += s[k] = windows[i + k] - origin[k];
    for (int k = 0; k < 3; ++k) {
      for (int j = 0; j <= k; ++j) products[k][j] += s[k] * s[j];
    }
  }
  for (int k = 0; k < 3; ++k) {
    moments.mean[k] = origin[k] + sum[k] / moments.count;
    for (int j = 0; j <= k; ++j) {
      moments.covariance[k][j] = moments.covariance[j][k] =
          products[k][j] / moments.count - sum[k] / moments.count * (sum[j] / moments.count);
    }
  }
  return moments;
}

SampleMoments Join(std::span<const SampleMoments> parts) {
  SampleMoments all;
  for (const SampleMoments& part : parts) {
    const double total = all.count + part.count, share = part.count / total;
    double delta[3];
    for (int k = 0; k < 3; ++k) delta[k] = part.mean[k] - all.mean[k];
    for (int k = 0; k < 3; ++k) {
      for (int j = 0; j < 3; ++j) {
        double& covariance = all.covariance[k][j];
        covariance = (1 - share) * covariance + share * part.covariance[k][j] +
                     share * (1 - share) * delta[k] * delta[j];
      }
    }
    for (int k = 0; k < 3; ++k) all.mean[k] += share * delta[k];
    all.count = total;
  }
  return all;
}

Normalisation Normalise(const Moments& moments, const BlockParameters& parameters) {
  Normalisation norm = Sized(moments.count(), moments.mean().size());
  for (size_t c = 0; c < norm.mean.size(); ++c) {
    NormaliseChannel(c, {moments.mean()[c], moments.variance(c)}, parameters, norm);
  }
  return norm;
}

Normalisation NormaliseFirst(const SampleMoments& samples, int64_t channels,
                             const BlockParameters& parameters) {
  Normalisation norm = Sized(samples.count, static_cast<size_t>(channels));
  for (size_t c = 0; c < norm.mean.size(); ++c) {
    const float* w = parameters.weight + 3 * c;
    ChannelMoments moments{0, 0};
    for (int k = 0; k < 3; ++k) {
      moments.mean += w[k] * samples.mean[k];
      for (int j = 0; j < 3; ++j) moments.variance += double{w[k]} * w[j] * samples.covariance[k][j];
    }
    moments.variance = std::max(moments.variance, 0.0);
    NormaliseChannel(c, moments, parameters, norm);
  }
  return norm;
}

FrameCoefficients Differentiate(const Normalisation& norm, const double* slopes, const double* products,
                                const BlockGradients& gradients) {
  const size_t channels = norm.mean.size();
  FrameCoefficients out;
  out.gain = out.pull = out.offset = std::vector<float>(channels);
  for (size_t c = 0; c < channels; ++c) {
    const double gamma_gradient = products[c] * norm.inverse_std[c], gain = norm.scale[c];
    gradients.gamma[c] = static_cast<float>(gamma_gradient);
    gradients.beta[c] = static_cast<float>(slopes[c]);
    gradients.bias[c] = 0;
    out.gain[c] = static_cast<float>(gain);
    out.pull[c] = static_cast<float>(-gain * norm.inverse_std[c] * gamma_gradient / norm.count);
    out.offset[c] = static_cast<float>(-gain * slopes[c] / norm.count);
  }
  return out;
}

void DifferentiateFirst(const Normalisation& norm, const SampleMoments& samples, const double* sums,
                        const float* weight, const BlockGradients& gradients) {
  const size_t channels = norm.mean.size();
  std::vector<double> products(channels);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t k = 0; k < 3; ++k) {
      products[c] += weight[3 * c + k] * (sums[(k + 1) * channels + c] - sums[c] * samples.mean[k]);
    }
  }
  const FrameCoefficients frame = Differentiate(norm, sums, products.data(), gradients);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t k = 0; k < 3; ++k) {
      double along = 0;  // sum of (y - mean) * sample, over count
      for (size_t j = 0; j < 3; ++j) along += weight[3 * c + j] * samples.covariance[j][k];
      gradients.weight[3 * c + k] =
          static_cast<float>(double{frame.gain[c]} * sums[(k + 1) * channels + c] +
                             norm.count * (frame.pull[c] * along + frame.offset[c] * samples.mean[k]));
    }
  }
}

}  // namespace timbre::train_engine
