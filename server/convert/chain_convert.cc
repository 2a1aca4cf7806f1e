// The augmentation chain's part of config_convert.h.
#include <type_traits>
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

void EffectToProto(const augment::EffectParameters& parameters, v1::Augmentation& proto) {
  std::visit(
      [&proto](const auto& effect) {
        using T = std::decay_t<decltype(effect)>;
        if constexpr (std::is_same_v<T, augment::PolarityConfig>) {
          proto.mutable_polarity_inversion();
        } else if constexpr (std::is_same_v<T, augment::NoiseConfig>) {
          proto.mutable_noise()->set_min_ratio(effect.min_ratio);
          proto.mutable_noise()->set_max_ratio(effect.max_ratio);
        } else if constexpr (std::is_same_v<T, augment::GainConfig>) {
          proto.mutable_gain()->set_min_db(effect.min_db);
          proto.mutable_gain()->set_max_db(effect.max_db);
        } else if constexpr (std::is_same_v<T, augment::HighLowPassConfig>) {
          auto* filter = proto.mutable_high_low_pass();
          filter->set_high_pass_min_hz(effect.high_pass_min_hz);
          filter->set_high_pass_max_hz(effect.high_pass_max_hz);
          filter->set_low_pass_min_hz(effect.low_pass_min_hz);
          filter->set_low_pass_max_hz(effect.low_pass_max_hz);
        } else if constexpr (std::is_same_v<T, augment::DelayConfig>) {
          auto* delay = proto.mutable_delay();
          delay->set_echo_volume(effect.echo_volume);
          delay->set_min_ms(effect.min_ms);
          delay->set_max_ms(effect.max_ms);
          delay->set_step_ms(effect.step_ms);
        } else {
          static_assert(std::is_same_v<T, augment::ReverbConfig>);
          auto* reverb = proto.mutable_reverb();
          reverb->set_min_reverberance(effect.min_reverberance);
          reverb->set_max_reverberance(effect.max_reverberance);
          reverb->set_min_damping(effect.min_damping);
          reverb->set_max_damping(effect.max_damping);
          reverb->set_min_room_scale(effect.min_room_scale);
          reverb->set_max_room_scale(effect.max_room_scale);
        }
      },
      parameters);
}

}  // namespace

augment::ChainConfig ChainFromProto(const v1::AugmentationChain& proto, const std::string& prefix,
                                    FieldErrors& errors) {
  augment::ChainConfig chain;
  for (int i = 0; i < proto.effects_size(); ++i) {
    const v1::Augmentation& link = proto.effects(i);
    const std::string field = absl::StrCat(prefix, ".effects[", i, "]");
    augment::EffectConfig config;
    switch (link.effect_case()) {
      case v1::Augmentation::kPolarityInversion:
        config.parameters = augment::PolarityConfig{};
        break;
      case v1::Augmentation::kNoise:
        config.parameters = NoiseFromProto(link.noise());
        break;
      case v1::Augmentation::kGain:
        config.parameters = GainFromProto(link.gain());
        break;
      case v1::Augmentation::kHighLowPass:
        config.parameters = HighLowPassFromProto(link.high_low_pass());
        break;
      case v1::Augmentation::kDelay:
        config.parameters = DelayFromProto(link.delay());
        break;
      case v1::Augmentation::kReverb:
        config.parameters = ReverbFromProto(link.reverb());
        break;
      case v1::Augmentation::EFFECT_NOT_SET:
        errors.Add(field,
                   "has no effect; set one of polarity_inversion, noise, gain, high_low_pass, delay, reverb");
        continue;
    }
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
    EffectToProto(link.parameters, *augmentation);
  }
  return proto;
}

}  // namespace timbre::convert
