#include "server/convert/probe_config_convert.h"

#include <set>

#include "core/weights/embedding_layer.h"

namespace timbre::convert {
namespace {

constexpr double kLbfgsL2Strength = 1e-3;
constexpr int kMaxFractions = 16;

void TakeCounts(const v1::ProbeConfig& proto, const std::string& p, FieldErrors& errors,
                probe::ProbeConfig& config) {
  if (proto.has_batch_size()) config.batch_size = proto.batch_size();
  errors.CheckRange<int64_t>(p + "batch_size", config.batch_size, 1, 65536);
  if (proto.has_max_epochs()) config.max_epochs = proto.max_epochs();
  errors.CheckRange<int64_t>(p + "max_epochs", config.max_epochs, 1, 100'000);
  if (proto.has_patience_epochs()) config.patience_epochs = proto.patience_epochs();
  errors.CheckRange<int64_t>(p + "patience_epochs", config.patience_epochs, 1, 100'000);
  if (proto.has_map_point_limit()) config.map_points = proto.map_point_limit();
  errors.CheckRange<int64_t>(p + "map_point_limit", config.map_points, 0, 5000);
}

void TakeHead(const v1::ProbeConfig& proto, const std::string& p, FieldErrors& errors,
              probe::ProbeConfig& config) {
  if (proto.optimizer() == v1::PROBE_OPTIMIZER_LBFGS) {
    config.optimizer = probe::Optimizer::kLbfgs;
    config.l2_strength = kLbfgsL2Strength;
  } else if (proto.optimizer() != v1::PROBE_OPTIMIZER_UNSPECIFIED &&
             proto.optimizer() != v1::PROBE_OPTIMIZER_ADAM) {
    errors.Add(p + "optimizer", "is unknown; set PROBE_OPTIMIZER_ADAM or PROBE_OPTIMIZER_LBFGS");
  }
  if (proto.has_l2_strength()) config.l2_strength = proto.l2_strength();
  errors.CheckRange<double>(p + "l2_strength", config.l2_strength, 0, 1000);
  if (!proto.has_mlp()) return;
  probe::MlpConfig& mlp = config.mlp.emplace();
  if (proto.mlp().has_hidden_unit_count()) mlp.hidden_units = proto.mlp().hidden_unit_count();
  errors.CheckRange<int64_t>(p + "mlp.hidden_unit_count", mlp.hidden_units, 1, 8192);
  if (proto.mlp().has_dropout()) mlp.dropout = proto.mlp().dropout();
  errors.CheckRange<double>(p + "mlp.dropout", mlp.dropout, 0, 0.9);
  if (mlp.dropout > 0 && config.optimizer == probe::Optimizer::kLbfgs) {
    errors.Add(p + "mlp.dropout", "must be 0 with L-BFGS, whose line search needs the same loss twice");
  }
}

void TakeFeatures(const v1::ProbeConfig& proto, const std::string& field, FieldErrors& errors,
                  probe::ProbeConfig& config) {
  switch (proto.features()) {
    case v1::PROBE_FEATURES_UNSPECIFIED:
    case v1::PROBE_FEATURES_AUTO:
      return;
    case v1::PROBE_FEATURES_RAW:
      config.features = probe::Features::kRaw;
      return;
    case v1::PROBE_FEATURES_L2_NORMALIZED:
      config.features = probe::Features::kL2Normalized;
      return;
    case v1::PROBE_FEATURES_STANDARDIZED:
      config.features = probe::Features::kStandardized;
      return;
    default:
      errors.Add(field, "is unknown; set PROBE_FEATURES_AUTO, _RAW, _L2_NORMALIZED or _STANDARDIZED");
  }
}

void TakeBootstrap(const v1::BootstrapConfig& proto, const std::string& p, FieldErrors& errors,
                   probe::BootstrapConfig& config) {
  if (proto.has_resample_count()) config.resamples = proto.resample_count();
  errors.CheckRange<int64_t>(p + "resample_count", config.resamples, 0, 10'000);
  if (proto.has_confidence()) config.confidence = proto.confidence();
  errors.CheckRange<double>(p + "confidence", config.confidence, 0.5, 0.999);
}

void TakeFractions(const v1::ProbeConfig& proto, const std::string& field, FieldErrors& errors,
                   probe::ProbeConfig& config) {
  config.label_fractions.assign(proto.label_fractions().begin(), proto.label_fractions().end());
  if (proto.label_fractions_size() > kMaxFractions) {
    errors.Add(field,
               absl::StrCat("may have ", kMaxFractions, " values, got ", proto.label_fractions_size()));
  }
  std::set<double> seen;
  for (const double fraction : proto.label_fractions()) {
    errors.CheckAbove(field, fraction, 0, 1);
    if (!seen.insert(fraction).second) errors.Add(field, absl::StrCat("has ", fraction, " twice"));
  }
}

void TakeBaselines(const v1::ProbeBaselines& proto, const std::string& p, FieldErrors& errors,
                   probe::BaselineConfig& config) {
  if (proto.has_untrained()) config.untrained = proto.untrained();
  if (proto.has_log_mel()) config.log_mel = proto.log_mel();
  if (proto.has_knn()) config.knn = proto.knn();
  if (proto.has_knn_neighbor_count()) config.knn_neighbors = proto.knn_neighbor_count();
  errors.CheckRange<int64_t>(p + "knn_neighbor_count", config.knn_neighbors, 1, 1000);
}

v1::ProbeFeatures FeaturesToProto(const std::optional<probe::Features>& features) {
  if (!features.has_value()) return v1::PROBE_FEATURES_AUTO;
  switch (*features) {
    case probe::Features::kRaw:
      return v1::PROBE_FEATURES_RAW;
    case probe::Features::kL2Normalized:
      return v1::PROBE_FEATURES_L2_NORMALIZED;
    case probe::Features::kStandardized:
      return v1::PROBE_FEATURES_STANDARDIZED;
  }
  return v1::PROBE_FEATURES_AUTO;
}

}  // namespace

probe::ProbeConfig ProbeConfigFromProto(const v1::ProbeConfig& proto, const std::string& prefix,
                                        FieldErrors& errors) {
  probe::ProbeConfig config;
  const std::string p = prefix + ".";
  if (proto.has_learning_rate()) config.learning_rate = proto.learning_rate();
  errors.CheckAbove(p + "learning_rate", config.learning_rate, 0, 1);
  if (proto.has_validation_ratio()) config.validation_ratio = proto.validation_ratio();
  errors.CheckAbove(p + "validation_ratio", config.validation_ratio, 0, 0.9);
  if (proto.has_seed()) config.seed = proto.seed();
  TakeCounts(proto, p, errors, config);
  TakeHead(proto, p, errors, config);
  TakeFeatures(proto, p + "features", errors, config);
  TakeBootstrap(proto.bootstrap(), p + "bootstrap.", errors, config.bootstrap);
  TakeFractions(proto, p + "label_fractions", errors, config);
  TakeBaselines(proto.baselines(), p + "baselines.", errors, config.baselines);
  config.embedding_layer = proto.embedding_layer();
  if (!config.embedding_layer.empty()) {
    errors.AddIfError(p + "embedding_layer", weights::ParseEmbeddingLayer(config.embedding_layer).status());
  }
  return config;
}

v1::ProbeConfig ProbeConfigToProto(const probe::ProbeConfig& config) {
  v1::ProbeConfig proto;
  proto.set_learning_rate(config.learning_rate);
  proto.set_batch_size(static_cast<int32_t>(config.batch_size));
  proto.set_max_epochs(static_cast<int32_t>(config.max_epochs));
  proto.set_patience_epochs(static_cast<int32_t>(config.patience_epochs));
  proto.set_validation_ratio(config.validation_ratio);
  proto.set_seed(config.seed);
  if (config.mlp.has_value()) {
    proto.mutable_mlp()->set_hidden_unit_count(static_cast<int32_t>(config.mlp->hidden_units));
    proto.mutable_mlp()->set_dropout(config.mlp->dropout);
  } else {
    proto.mutable_linear();
  }
  proto.set_optimizer(config.optimizer == probe::Optimizer::kLbfgs ? v1::PROBE_OPTIMIZER_LBFGS
                                                                   : v1::PROBE_OPTIMIZER_ADAM);
  proto.set_l2_strength(config.l2_strength);
  proto.set_features(FeaturesToProto(config.features));
  proto.mutable_bootstrap()->set_resample_count(static_cast<int32_t>(config.bootstrap.resamples));
  proto.mutable_bootstrap()->set_confidence(config.bootstrap.confidence);
  for (const double fraction : config.label_fractions) proto.add_label_fractions(fraction);
  proto.mutable_baselines()->set_untrained(config.baselines.untrained);
  proto.mutable_baselines()->set_log_mel(config.baselines.log_mel);
  proto.mutable_baselines()->set_knn(config.baselines.knn);
  proto.mutable_baselines()->set_knn_neighbor_count(static_cast<int32_t>(config.baselines.knn_neighbors));
  proto.set_map_point_limit(static_cast<int32_t>(config.map_points));
  proto.set_embedding_layer(config.embedding_layer);
  return proto;
}

}  // namespace timbre::convert
