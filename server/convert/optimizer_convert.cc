// The OptimizerConfig's part of config_convert.h.
#include "server/convert/config_convert.h"

namespace timbre::convert {
namespace {

constexpr double kAdamWDecay = 0.01;
constexpr double kLarsDecay = 1e-6;

void CheckShare(const std::string& field, double value, FieldErrors& errors) {
  if (!(value >= 0 && value < 1)) errors.Add(field, absl::StrCat("must be in [0, 1), got ", value));
}

// AdamConfig and AdamWConfig have the same fields.
template <typename Adam>
void AdamFromProto(const Adam& proto, const std::string& p, train::OptimizerConfig& config,
                   FieldErrors& errors) {
  if (proto.has_beta1()) config.beta1 = proto.beta1();
  CheckShare(p + "beta1", config.beta1, errors);
  if (proto.has_beta2()) config.beta2 = proto.beta2();
  CheckShare(p + "beta2", config.beta2, errors);
  if (proto.has_epsilon()) config.epsilon = proto.epsilon();
  errors.CheckRange(p + "epsilon", config.epsilon, 0.0, 1.0);
  if (proto.has_weight_decay()) config.weight_decay = proto.weight_decay();
  errors.CheckRange(p + "weight_decay", config.weight_decay, 0.0, 1.0);
}

// What SgdConfig and LarsConfig share.
template <typename Momentum>
void MomentumFromProto(const Momentum& proto, const std::string& p, train::OptimizerConfig& config,
                       FieldErrors& errors) {
  if (proto.has_momentum()) config.momentum = proto.momentum();
  CheckShare(p + "momentum", config.momentum, errors);
  config.nesterov = proto.nesterov();
  if (proto.has_weight_decay()) config.weight_decay = proto.weight_decay();
  errors.CheckRange(p + "weight_decay", config.weight_decay, 0.0, 1.0);
}

void KindFromProto(const v1::OptimizerConfig& proto, const std::string& p, train::OptimizerConfig& config,
                   FieldErrors& errors) {
  switch (proto.kind_case()) {
    case v1::OptimizerConfig::KIND_NOT_SET:
      break;
    case v1::OptimizerConfig::kAdam:
      AdamFromProto(proto.adam(), p + "adam.", config, errors);
      break;
    case v1::OptimizerConfig::kAdamW:
      config.kind = train::OptimizerKind::kAdamW;
      config.weight_decay = kAdamWDecay;
      AdamFromProto(proto.adam_w(), p + "adam_w.", config, errors);
      break;
    case v1::OptimizerConfig::kSgd:
      config.kind = train::OptimizerKind::kSgd;
      MomentumFromProto(proto.sgd(), p + "sgd.", config, errors);
      if (config.nesterov && config.momentum == 0) errors.Add(p + "sgd.nesterov", "needs a momentum above 0");
      break;
    case v1::OptimizerConfig::kLars:
      config.kind = train::OptimizerKind::kLars;
      config.weight_decay = kLarsDecay;
      MomentumFromProto(proto.lars(), p + "lars.", config, errors);
      if (proto.lars().has_trust_coefficient()) config.trust_coefficient = proto.lars().trust_coefficient();
      errors.CheckRange(p + "lars.trust_coefficient", config.trust_coefficient, 1e-9, 1.0);
      break;
  }
}

void ScheduleFromProto(const v1::ScheduleConfig& proto, const std::string& p, train::ScheduleConfig& config,
                       FieldErrors& errors) {
  if (proto.has_warmup_steps()) config.warmup_steps = proto.warmup_steps();
  errors.CheckRange<int64_t>(p + "warmup_steps", config.warmup_steps, 0, 10'000'000);
  if (proto.has_cosine()) {
    config.kind = train::ScheduleKind::kCosine;
    if (proto.cosine().has_final_ratio()) config.final_ratio = proto.cosine().final_ratio();
    errors.CheckRange(p + "cosine.final_ratio", config.final_ratio, 0.0, 1.0);
  }
}

template <typename Adam>
void AdamToProto(const train::OptimizerConfig& config, Adam& proto) {
  proto.set_beta1(config.beta1);
  proto.set_beta2(config.beta2);
  proto.set_epsilon(config.epsilon);
  proto.set_weight_decay(config.weight_decay);
}

template <typename Momentum>
void MomentumToProto(const train::OptimizerConfig& config, Momentum& proto) {
  proto.set_momentum(config.momentum);
  proto.set_nesterov(config.nesterov);
  proto.set_weight_decay(config.weight_decay);
}

}  // namespace

train::OptimizerConfig OptimizerFromProto(const v1::OptimizerConfig& proto, const std::string& prefix,
                                          FieldErrors& errors) {
  train::OptimizerConfig config;
  const std::string p = prefix + ".";
  if (proto.has_learning_rate()) config.learning_rate = proto.learning_rate();
  errors.CheckAbove(p + "learning_rate", config.learning_rate, 0, 10);
  KindFromProto(proto, p, config, errors);
  ScheduleFromProto(proto.schedule(), p + "schedule.", config.schedule, errors);
  if (proto.has_gradient_clip_norm()) config.gradient_clip_norm = proto.gradient_clip_norm();
  errors.CheckRange(p + "gradient_clip_norm", config.gradient_clip_norm, 0.0, 1e9);
  if (proto.has_accumulation_steps()) config.accumulation_steps = proto.accumulation_steps();
  errors.CheckRange<int64_t>(p + "accumulation_steps", config.accumulation_steps, 1, 1024);
  if (proto.has_bias_rate_multiple()) config.bias_rate_multiple = proto.bias_rate_multiple();
  errors.CheckRange(p + "bias_rate_multiple", config.bias_rate_multiple, 0.0, 1000.0);
  config.constant_predictor_rate = proto.constant_predictor_rate();
  return config;
}

v1::OptimizerConfig OptimizerToProto(const train::OptimizerConfig& config) {
  v1::OptimizerConfig proto;
  proto.set_learning_rate(config.learning_rate);
  switch (config.kind) {
    case train::OptimizerKind::kAdam:
      AdamToProto(config, *proto.mutable_adam());
      break;
    case train::OptimizerKind::kAdamW:
      AdamToProto(config, *proto.mutable_adam_w());
      break;
    case train::OptimizerKind::kSgd:
      MomentumToProto(config, *proto.mutable_sgd());
      break;
    case train::OptimizerKind::kLars:
      MomentumToProto(config, *proto.mutable_lars());
      proto.mutable_lars()->set_trust_coefficient(config.trust_coefficient);
      break;
  }
  v1::ScheduleConfig& schedule = *proto.mutable_schedule();
  schedule.set_warmup_steps(config.schedule.warmup_steps);
  if (config.schedule.kind == train::ScheduleKind::kCosine) {
    schedule.mutable_cosine()->set_final_ratio(config.schedule.final_ratio);
  } else {
    schedule.mutable_constant();
  }
  proto.set_gradient_clip_norm(config.gradient_clip_norm);
  proto.set_accumulation_steps(static_cast<int32_t>(config.accumulation_steps));
  proto.set_bias_rate_multiple(config.bias_rate_multiple);
  proto.set_constant_predictor_rate(config.constant_predictor_rate);
  return proto;
}

}  // namespace timbre::convert
