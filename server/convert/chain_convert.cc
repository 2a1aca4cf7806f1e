// The augmentation chain's part of config_convert.h.
#include <optional>
#include <variant>

#include "core/augment/effect.h"
#include "server/convert/config_convert.h"

namespace timbre::convert {
namespace {

augment::EffectParameters NoiseFromProto(const v1::Noise& proto) {
  augment::NoiseConfig noise;
  if (proto.has_min_ratio()) noise.min_ratio = proto.min_ratio();
  if (proto.has_max_ratio()) noise.max_ratio = proto.max_ratio();
  return noise;
}

augment::EffectParameters GainFromProto(const v1::Gain& proto) {
  augment::GainConfig gain;
  if (proto.has_min_db()) gain.min_db = proto.min_db();
  if (proto.has_max_db()) gain.max_db = proto.max_db();
  return gain;
}

augment::EffectParameters HighLowPassFromProto(const v1::HighLowPass& proto) {
  augment::HighLowPassConfig filter;
  if (proto.has_high_pass_min_hz()) filter.high_pass_min_hz = proto.high_pass_min_hz();
  if (proto.has_high_pass_max_hz()) filter.high_pass_max_hz = proto.high_pass_max_hz();
  if (proto.has_low_pass_min_hz()) filter.low_pass_min_hz = proto.low_pass_min_hz();
  if (proto.has_low_pass_max_hz()) filter.low_pass_max_hz = proto.low_pass_max_hz();
  return filter;
}

augment::EffectParameters HighPassFromProto(const v1::HighPass& proto) {
  augment::HighPassConfig filter;
  if (proto.has_min_hz()) filter.min_hz = proto.min_hz();
  if (proto.has_max_hz()) filter.max_hz = proto.max_hz();
  return filter;
}

augment::EffectParameters LowPassFromProto(const v1::LowPass& proto) {
  augment::LowPassConfig filter;
  if (proto.has_min_hz()) filter.min_hz = proto.min_hz();
  if (proto.has_max_hz()) filter.max_hz = proto.max_hz();
  return filter;
}

augment::EffectParameters PitchShiftFromProto(const v1::PitchShift& proto) {
  augment::PitchShiftConfig shift;
  if (proto.has_min_cents()) shift.min_cents = proto.min_cents();
  if (proto.has_max_cents()) shift.max_cents = proto.max_cents();
  return shift;
}

augment::EffectParameters DelayFromProto(const v1::Delay& proto) {
  augment::DelayConfig delay;
  if (proto.has_echo_volume()) delay.echo_volume = proto.echo_volume();
  if (proto.has_min_ms()) delay.min_ms = proto.min_ms();
  if (proto.has_max_ms()) delay.max_ms = proto.max_ms();
  if (proto.has_step_ms()) delay.step_ms = proto.step_ms();
  return delay;
}

augment::EffectParameters ReverbFromProto(const v1::Reverb& proto) {
  augment::ReverbConfig reverb;
  if (proto.has_min_reverberance()) reverb.min_reverberance = proto.min_reverberance();
  if (proto.has_max_reverberance()) reverb.max_reverberance = proto.max_reverberance();
  if (proto.has_min_damping()) reverb.min_damping = proto.min_damping();
  if (proto.has_max_damping()) reverb.max_damping = proto.max_damping();
  if (proto.has_min_room_scale()) reverb.min_room_scale = proto.min_room_scale();
  if (proto.has_max_room_scale()) reverb.max_room_scale = proto.max_room_scale();
  return reverb;
}

// One overload for each effect, for std::visit.
class ProtoWriter {
 public:
  explicit ProtoWriter(v1::Augmentation& proto) : proto_(proto) {}

  void operator()(const augment::PolarityConfig&) const { proto_.mutable_polarity_inversion(); }
  void operator()(const augment::ReverseConfig&) const { proto_.mutable_reverse(); }
  void operator()(const augment::NoiseConfig& noise) const {
    proto_.mutable_noise()->set_min_ratio(noise.min_ratio);
    proto_.mutable_noise()->set_max_ratio(noise.max_ratio);
  }
  void operator()(const augment::GainConfig& gain) const {
    proto_.mutable_gain()->set_min_db(gain.min_db);
    proto_.mutable_gain()->set_max_db(gain.max_db);
  }
  void operator()(const augment::HighPassConfig& filter) const {
    proto_.mutable_high_pass()->set_min_hz(filter.min_hz);
    proto_.mutable_high_pass()->set_max_hz(filter.max_hz);
  }
  void operator()(const augment::LowPassConfig& filter) const {
    proto_.mutable_low_pass()->set_min_hz(filter.min_hz);
    proto_.mutable_low_pass()->set_max_hz(filter.max_hz);
  }
  void operator()(const augment::HighLowPassConfig& filter) const {
    auto* proto = proto_.mutable_high_low_pass();
    proto->set_high_pass_min_hz(filter.high_pass_min_hz);
    proto->set_high_pass_max_hz(filter.high_pass_max_hz);
    proto->set_low_pass_min_hz(filter.low_pass_min_hz);
    proto->set_low_pass_max_hz(filter.low_pass_max_hz);
  }
  void operator()(const augment::DelayConfig& delay) const {
    auto* proto = proto_.mutable_delay();
    proto->set_echo_volume(delay.echo_volume);
    proto->set_min_ms(delay.min_ms);
    proto->set_max_ms(delay.max_ms);
    proto->set_step_ms(delay.step_ms);
  }
  void operator()(const augment::PitchShiftConfig& shift) const {
    proto_.mutable_pitch_shift()->set_min_cents(shift.min_cents);
    proto_.mutable_pitch_shift()->set_max_cents(shift.max_cents);
  }
  void operator()(const augment::ReverbConfig& reverb) const {
    auto* proto = proto_.mutable_reverb();
    proto->set_min_reverberance(reverb.min_reverberance);
    proto->set_max_reverberance(reverb.max_reverberance);
    proto->set_min_damping(reverb.min_damping);
    proto->set_max_damping(reverb.max_damping);
    proto->set_min_room_scale(reverb.min_room_scale);
    proto->set_max_room_scale(reverb.max_room_scale);
  }

 private:
  v1::Augmentation& proto_;
};

// nullopt: the link has no effect.
std::optional<augment::EffectParameters> EffectFromProto(const v1::Augmentation& link) {
  switch (link.effect_case()) {
    case v1::Augmentation::kPolarityInversion:
      return augment::PolarityConfig{};
    case v1::Augmentation::kNoise:
      return NoiseFromProto(link.noise());
    case v1::Augmentation::kGain:
      return GainFromProto(link.gain());
    case v1::Augmentation::kHighLowPass:
      return HighLowPassFromProto(link.high_low_pass());
    case v1::Augmentation::kHighPass:
      return HighPassFromProto(link.high_pass());
    case v1::Augmentation::kLowPass:
      return LowPassFromProto(link.low_pass());
    case v1::Augmentation::kDelay:
      return DelayFromProto(link.delay());
    case v1::Augmentation::kReverb:
      return ReverbFromProto(link.reverb());
    case v1::Augmentation::kPitchShift:
      return PitchShiftFromProto(link.pitch_shift());
    case v1::Augmentation::kReverse:
      return augment::ReverseConfig{};
    case v1::Augmentation::EFFECT_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

augment::ChainConfig ChainFromProto(const v1::AugmentationChain& proto, const std::string& prefix,
                                    FieldErrors& errors) {
  augment::ChainConfig chain;
  for (int i = 0; i < proto.effects_size(); ++i) {
    const v1::Augmentation& link = proto.effects(i);
    const std::string field = absl::StrCat(prefix, ".effects[", i, "]");
    const std::optional<augment::EffectParameters> parameters = EffectFromProto(link);
    if (!parameters) {
      errors.Add(field,
                 "has no effect; set one of polarity_inversion, noise, gain, high_pass, low_pass, "
                 "high_low_pass, delay, "
                 "pitch_shift, reverb, reverse");
      continue;
    }
    augment::EffectConfig config{*parameters};
    if (link.has_probability()) config.probability = link.probability();
    errors.CheckRange(field + ".probability", config.probability, 0.0, 1.0);
    errors.AddIfError(field, augment::MakeEffect(config.parameters).status());
    chain.push_back(config);
  }
  return chain;
}

v1::AugmentationChain ChainToProto(const augment::ChainConfig& chain) {
  v1::AugmentationChain proto;
  for (const augment::EffectConfig& link : chain) {
    v1::Augmentation* augmentation = proto.add_effects();
    augmentation->set_probability(link.probability);
    std::visit(ProtoWriter(*augmentation), link.parameters);
  }
  return proto;
}

}  // namespace timbre::convert
