#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/train_engine/block_parameters.h"

// BatchNorm in training, per channel and in double: what the kernels add up in fp32 over one tile goes in
// here. The convolution's bias is left out of all frames, since the batch mean takes it away again; only the
// running mean has it.
namespace timbre::train_engine {

// Mean and sum of squared deviations of what was added, by the pairwise rule of Chan, Golub & LeVeque (1979).
class Moments {
 public:
  // Forgets everything.
  void Reset(int64_t channels);

  // `count` values of each channel, as their sum and sum of squares about `origin`.
  void Add(int64_t count, const float* origin, const float* sum, const float* squares);
  void Add(const Moments& other);

  double count() const { return count_; }
  const std::vector<double>& mean() const { return mean_; }
  double variance(size_t channel) const { return squares_[channel] / count_; }

 private:
  double count_ = 0;
  std::vector<double> mean_, squares_;
};

// Mean and covariance of the samples that one frame of the first block is made of: its frames' moments follow
// from them.
struct SampleMoments {
  double count = 0;
  double mean[3] = {};
  double covariance[3][3] = {};
};
SampleMoments MeasureSamples(const float* windows, int64_t samples);  // `samples` a multiple of 3

// Several of them as one, in the order they are given in.
SampleMoments Join(std::span<const SampleMoments> parts);

// BatchNorm of one batch: scale * y + shift; `sign` of gamma.
struct Normalisation {
  double count = 0;
  std::vector<double> inverse_std = {};
  std::vector<float> mean = {}, scale = {}, shift = {}, sign = {};
};

// From the statistics of a batch, which also move the running ones.
Normalisation Normalise(const Moments& moments, const BlockParameters& parameters);
Normalisation NormaliseFirst(const SampleMoments& samples, int64_t channels,
                             const BlockParameters& parameters);

// The gradient at a frame is gain * slope + pull * (y - mean) + offset.
struct FrameCoefficients {
  std::vector<float> gain, pull, offset;
};

// From the sums of slope and slope * (y - mean); writes the gradients of gamma, beta and (it is zero) bias.
FrameCoefficients Differentiate(const Normalisation& norm, const double* slopes, const double* products,
                                const BlockGradients& gradients);

// All gradients of the first block, from the sums of slope and slope * sample: [4][channels].
void DifferentiateFirst(const Normalisation& norm, const SampleMoments& samples, const double* sums,
                        const float* weight, const BlockGradients& gradients);

}  // namespace timbre::train_engine
