#include "core/augment/reverb.h"

#include <cmath>

#include "core/audio/windows.h"

namespace timbre::augment {
namespace {

// Freeverb's lengths at 44,100 Hz and sox's constants.
constexpr std::array<double, ReverbPlan::kCombs> kCombLengths = {1116, 1188, 1277, 1356,
                                                                 1422, 1491, 1557, 1617};
constexpr std::array<double, ReverbPlan::kAllPasses> kAllPassLengths = {225, 341, 441, 556};
constexpr double kReferenceRateHz = 44100;
constexpr double kStereoSpread = 12;
}  // namespace

ReverbPlan PlanReverb(const ReverbSetting& setting) {
  // The feedback runs from 0.3 at reverberance 0 to 0.98 at 100.
  const double a = -1 / std::log(1 - 0.3);
  const double b = 100 / (std::log(1 - 0.98) * a + 1);
  const double room = setting.room_scale / 100.0 * 0.9 + 0.1;
  const double rate = audio::kSampleRateHz / kReferenceRateHz;
  ReverbPlan plan;
  plan.feedback = static_cast<float>(1 - std::exp((setting.reverberance - b) / (a * b)));
  plan.damping = static_cast<float>(setting.damping / 100.0 * 0.3 + 0.2);
  for (size_t side = 0; side < 2; ++side) {
    double spread = side == 0 ? 0 : kStereoSpread;
    for (size_t i = 0; i < ReverbPlan::kCombs; ++i, spread = -spread) {
      plan.comb_samples[side][i] = static_cast<size_t>(std::lround(room * rate * (kCombLengths[i] + spread)));
    }
    for (size_t i = 0; i < ReverbPlan::kAllPasses; ++i, spread = -spread) {
      plan.all_pass_samples[side][i] = static_cast<size_t>(std::lround(rate * (kAllPassLengths[i] + spread)));
    }
  }
  return plan;
}

void Reverb::Apply(std::span<float> window, base::Random& random) const {
  const auto draw = [&random](int low, int end) { return static_cast<int>(random.UniformInt(low, end - 1)); };
  ReverbSetting setting;
  setting.reverberance = draw(config_.min_reverberance, config_.max_reverberance);
  setting.damping = draw(config_.min_damping, config_.max_damping);
  setting.room_scale = draw(config_.min_room_scale, config_.max_room_scale);
  AddReverb(window, setting);
}

}  // namespace timbre::augment
