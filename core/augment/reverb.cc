#include "core/augment/reverb.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/audio/windows.h"

namespace timbre::augment {
namespace {

// Freeverb's lengths at 44,100 Hz and sox's constants.
constexpr std::array<double, ReverbPlan::kCombs> kCombLengths = {1116, 1188, 1277, 1356,
                                                                 1422, 1491, 1557, 1617};
constexpr std::array<double, ReverbPlan::kAllPasses> kAllPassLengths = {225, 341, 441, 556};
constexpr double kReferenceRateHz = 44100;
constexpr double kStereoSpread = 12;
constexpr float kWetGain = 0.015F;
constexpr float kAllPassGain = 0.5F;

// Far below what a float sample can show, but keeps the fading loops out of denormal numbers, which are slow.
constexpr float kAntiDenormal = 1e-18F;

class DelayLine {
 public:
  explicit DelayLine(size_t samples) : buffer_(samples, 0.0F) {}

  float Read() const { return buffer_[position_]; }
  void WriteAndAdvance(float value) {
    buffer_[position_] = value;
    if (++position_ == buffer_.size()) position_ = 0;
  }

 private:
  std::vector<float> buffer_;
  size_t position_ = 0;
};

// A comb whose loop passes through a one-pole low-pass.
struct Comb {
  DelayLine line;
  float store = 0;

  float Process(float input, float feedback, float damping) {
    const float output = line.Read();
    store = output + (store - output) * damping;
    line.WriteAndAdvance(input + store * feedback);
    return output;
  }
};

struct AllPass {
  DelayLine line;

  float Process(float input) {
    const float output = line.Read();
    line.WriteAndAdvance(input + output * kAllPassGain);
    return output - input;
  }
};

// One side of the reverb. The order of the sums is sox's.
class Channel {
 public:
  Channel(const ReverbPlan& plan, size_t side) : feedback_(plan.feedback), damping_(plan.damping) {
    for (size_t samples : plan.comb_samples[side]) combs_.push_back({DelayLine(samples)});
    for (size_t samples : plan.all_pass_samples[side]) all_passes_.push_back({DelayLine(samples)});
  }

  float Wet(float input) {
    float sum = 0;
    for (size_t i = ReverbPlan::kCombs; i-- > 0;) {
      sum += combs_[i].Process(input + kAntiDenormal, feedback_, damping_);
    }
    for (size_t i = ReverbPlan::kAllPasses; i-- > 0;) sum = all_passes_[i].Process(sum);
    return sum * kWetGain;
  }

 private:
  float feedback_;
  float damping_;
  std::vector<Comb> combs_;
  std::vector<AllPass> all_passes_;
};

float Clip(float x) { return std::clamp(x, -1.0F, 1.0F); }

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
      plan.comb_samples[side][i] = static_cast<size_t>(room * rate * (kCombLengths[i] + spread) + 0.5);
    }
    for (size_t i = 0; i < ReverbPlan::kAllPasses; ++i, spread = -spread) {
      plan.all_pass_samples[side][i] = static_cast<size_t>(rate * (kAllPassLengths[i] + spread) + 0.5);
    }
  }
  return plan;
}

void AddReverb(std::span<float> window, const ReverbSetting& setting) {
  const ReverbPlan plan = PlanReverb(setting);
  Channel left(plan, 0);
  Channel right(plan, 1);
  for (float& x : window) {
    const float dry = Clip(x);
    x = 0.5F * (Clip(dry + left.Wet(dry)) + Clip(dry + right.Wet(dry)));
  }
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
