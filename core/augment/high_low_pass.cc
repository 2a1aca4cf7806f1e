#include "core/augment/high_low_pass.h"

#include "core/augment/fir.h"

namespace timbre::augment {

void HighLowPass::Apply(std::span<float> window, base::Random& random) const {
  if (random.Bernoulli(0.5)) {
    HighPass(window, random.Uniform(config_.high_pass_min_hz, config_.high_pass_max_hz));
  } else {
    LowPass(window, random.Uniform(config_.low_pass_min_hz, config_.low_pass_max_hz));
  }
}

void LowPass(std::span<float> window, double cutoff_hz) { ConvolveCentred(window, LowPassTaps(cutoff_hz)); }

void HighPass(std::span<float> window, double cutoff_hz) {
  std::vector<float> low(window.begin(), window.end());
  LowPass(low, cutoff_hz);
  for (size_t i = 0; i < window.size(); ++i) window[i] -= low[i];
}

}  // namespace timbre::augment
