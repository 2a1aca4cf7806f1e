#include "server/convert/objective_convert.h"

#include <optional>

namespace timbre::convert {
namespace {

loss::ObjectiveConfig FromProto(const v1::NtXentConfig& proto) {
  loss::NtXentConfig config;
  if (proto.has_temperature()) config.temperature = proto.temperature();
  config.mask_same_track = proto.mask_same_track();
  return config;
}

loss::ObjectiveConfig FromProto(const v1::DclConfig& proto) {
  loss::DclConfig config;
  if (proto.has_temperature()) config.temperature = proto.temperature();
  config.mask_same_track = proto.mask_same_track();
  return config;
}

loss::ObjectiveConfig FromProto(const v1::DclwConfig& proto) {
  loss::DclwConfig config;
  if (proto.has_temperature()) config.temperature = proto.temperature();
  if (proto.has_sigma()) config.sigma = proto.sigma();
  config.mask_same_track = proto.mask_same_track();
  return config;
}

loss::ObjectiveConfig FromProto(const v1::VicRegConfig& proto) {
  loss::VicRegConfig config;
  if (proto.has_invariance_weight()) config.invariance_weight = proto.invariance_weight();
  if (proto.has_variance_weight()) config.variance_weight = proto.variance_weight();
  if (proto.has_covariance_weight()) config.covariance_weight = proto.covariance_weight();
  return config;
}

loss::ObjectiveConfig FromProto(const v1::BarlowTwinsConfig& proto) {
  loss::BarlowTwinsConfig config;
  if (proto.has_redundancy_weight()) config.redundancy_weight = proto.redundancy_weight();
  return config;
}

loss::ObjectiveConfig FromProto(const v1::ByolConfig& proto) {
  loss::ByolConfig config;
  if (proto.has_predictor_hidden_dim()) config.predictor_hidden_dim = proto.predictor_hidden_dim();
  if (proto.has_ema_base()) config.ema_base = proto.ema_base();
  return config;
}

loss::ObjectiveConfig FromProto(const v1::SimSiamConfig& proto) {
  loss::SimSiamConfig config;
  if (proto.has_predictor_hidden_dim()) config.predictor_hidden_dim = proto.predictor_hidden_dim();
  return config;
}

loss::ObjectiveConfig FromProto(const v1::AlignUniformConfig& proto) {
  loss::AlignUniformConfig config;
  if (proto.has_alignment_power()) config.alignment_power = proto.alignment_power();
  if (proto.has_uniformity_scale()) config.uniformity_scale = proto.uniformity_scale();
  if (proto.has_uniformity_weight()) config.uniformity_weight = proto.uniformity_weight();
  return config;
}

std::optional<loss::PolyViewMethod> MethodFromProto(v1::PolyViewMethod method) {
  switch (method) {
    case v1::POLY_VIEW_METHOD_UNSPECIFIED:
    case v1::POLY_VIEW_METHOD_GEOMETRIC:
      return loss::PolyViewMethod::kGeometric;
    case v1::POLY_VIEW_METHOD_ARITHMETIC:
      return loss::PolyViewMethod::kArithmetic;
    case v1::POLY_VIEW_METHOD_SUFFICIENT_STATISTICS:
      return loss::PolyViewMethod::kSufficientStatistics;
    default:
      return std::nullopt;
  }
}

v1::PolyViewMethod MethodToProto(loss::PolyViewMethod method) {
  switch (method) {
    case loss::PolyViewMethod::kGeometric:
      return v1::POLY_VIEW_METHOD_GEOMETRIC;
    case loss::PolyViewMethod::kArithmetic:
      return v1::POLY_VIEW_METHOD_ARITHMETIC;
    case loss::PolyViewMethod::kSufficientStatistics:
      return v1::POLY_VIEW_METHOD_SUFFICIENT_STATISTICS;
  }
  return v1::POLY_VIEW_METHOD_UNSPECIFIED;
}

loss::ObjectiveConfig PolyViewFromProto(const v1::PolyViewConfig& proto, const std::string& prefix,
                                        FieldErrors& errors) {
  loss::PolyViewConfig config;
  const std::optional<loss::PolyViewMethod> method = MethodFromProto(proto.method());
  if (method) {
    config.method = *method;
  } else {
    errors.Add(prefix + ".poly_view.method",
               absl::StrCat("unknown value ", static_cast<int>(proto.method())));
  }
  if (proto.has_temperature()) config.temperature = proto.temperature();
  config.mask_same_track = proto.mask_same_track();
  return config;
}

struct Writer {
  v1::ObjectiveConfig& proto;

  void operator()(const loss::NtXentConfig& config) const {
    proto.mutable_nt_xent()->set_temperature(config.temperature);
    proto.mutable_nt_xent()->set_mask_same_track(config.mask_same_track);
  }
  void operator()(const loss::DclConfig& config) const {
    proto.mutable_dcl()->set_temperature(config.temperature);
    proto.mutable_dcl()->set_mask_same_track(config.mask_same_track);
  }
  void operator()(const loss::DclwConfig& config) const {
    proto.mutable_dclw()->set_temperature(config.temperature);
    proto.mutable_dclw()->set_sigma(config.sigma);
    proto.mutable_dclw()->set_mask_same_track(config.mask_same_track);
  }
  void operator()(const loss::VicRegConfig& config) const {
    proto.mutable_vicreg()->set_invariance_weight(config.invariance_weight);
    proto.mutable_vicreg()->set_variance_weight(config.variance_weight);
    proto.mutable_vicreg()->set_covariance_weight(config.covariance_weight);
  }
  void operator()(const loss::BarlowTwinsConfig& config) const {
    proto.mutable_barlow_twins()->set_redundancy_weight(config.redundancy_weight);
  }
  void operator()(const loss::ByolConfig& config) const {
    proto.mutable_byol()->set_predictor_hidden_dim(static_cast<int32_t>(config.predictor_hidden_dim));
    proto.mutable_byol()->set_ema_base(config.ema_base);
  }
  void operator()(const loss::SimSiamConfig& config) const {
    proto.mutable_simsiam()->set_predictor_hidden_dim(static_cast<int32_t>(config.predictor_hidden_dim));
  }
  void operator()(const loss::AlignUniformConfig& config) const {
    proto.mutable_align_uniform()->set_alignment_power(config.alignment_power);
    proto.mutable_align_uniform()->set_uniformity_scale(config.uniformity_scale);
    proto.mutable_align_uniform()->set_uniformity_weight(config.uniformity_weight);
  }
  void operator()(const loss::PolyViewConfig& config) const {
    proto.mutable_poly_view()->set_method(MethodToProto(config.method));
    proto.mutable_poly_view()->set_temperature(config.temperature);
    proto.mutable_poly_view()->set_mask_same_track(config.mask_same_track);
  }
  void operator()(const loss::MseConfig&) const { proto.mutable_mse(); }
};

loss::ObjectiveConfig FromKind(const v1::ObjectiveConfig& proto, const std::string& prefix,
                               FieldErrors& errors) {
  switch (proto.kind_case()) {
    case v1::ObjectiveConfig::kDcl:
      return FromProto(proto.dcl());
    case v1::ObjectiveConfig::kDclw:
      return FromProto(proto.dclw());
    case v1::ObjectiveConfig::kVicreg:
      return FromProto(proto.vicreg());
    case v1::ObjectiveConfig::kBarlowTwins:
      return FromProto(proto.barlow_twins());
    case v1::ObjectiveConfig::kByol:
      return FromProto(proto.byol());
    case v1::ObjectiveConfig::kSimsiam:
      return FromProto(proto.simsiam());
    case v1::ObjectiveConfig::kAlignUniform:
      return FromProto(proto.align_uniform());
    case v1::ObjectiveConfig::kPolyView:
      return PolyViewFromProto(proto.poly_view(), prefix, errors);
    case v1::ObjectiveConfig::kMse:
      return loss::MseConfig();
    case v1::ObjectiveConfig::kNtXent:
    case v1::ObjectiveConfig::KIND_NOT_SET:
      break;
  }
  return FromProto(proto.nt_xent());
}

}  // namespace

loss::ObjectiveConfig ObjectiveFromProto(const v1::ObjectiveConfig& proto, const std::string& prefix,
                                         FieldErrors& errors) {
  loss::ObjectiveConfig config = FromKind(proto, prefix, errors);
  for (const loss::ObjectiveField& field : loss::ObjectiveFields(config)) {
    const std::string name =
        absl::StrCat(prefix, ".", std::string(loss::ObjectiveName(config)), ".", std::string(field.name));
    if (field.low_excluded) {
      errors.CheckAbove(name, field.value, field.low, field.high);
    } else {
      errors.CheckRange(name, field.value, field.low, field.high);
    }
  }
  return config;
}

v1::ObjectiveConfig ObjectiveToProto(const loss::ObjectiveConfig& config) {
  v1::ObjectiveConfig proto;
  std::visit(Writer{proto}, config);
  return proto;
}

}  // namespace timbre::convert
