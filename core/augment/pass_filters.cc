#include "core/augment/pass_filters.h"

#include "core/augment/fir.h"
#include "core/augment/level_kernels.h"
#include "core/augment/scratch.h"

namespace timbre::augment {

void HighPassFilter::Apply(std::span<float> window, base::Random& random) const {
  HighPass(window, random.Uniform(config_.min_hz, config_.max_hz));
}

void LowPassFilter::Apply(std::span<float> window, base::Random& random) const {
  LowPass(window, random.Uniform(config_.min_hz, config_.max_hz));
}

void HighLowPass::Apply(std::span<float> window, base::Random& random) const {
  if (random.Bernoulli(0.5)) {
    HighPass(window, random.Uniform(config_.high_pass_min_hz, config_.high_pass_max_hz));
  } else {
    LowPass(window, random.Uniform(config_.low_pass_min_hz, config_.low_pass_max_hz));
  }
}

void LowPass(std::span<float> window, double cutoff_hz) {
  ConvolveCentred(window, LowPassTaps(cutoff_hz), window);
}

void HighPass(std::span<float> window, double cutoff_hz) {
  thread_local Scratch scratch;
  const std::span<float> low(scratch.Get(window.size()), window.size());
  ConvolveCentred(window, LowPassTaps(cutoff_hz), low);
  Subtract(window, low);
}

}  // namespace timbre::augment
