// The TrainingConfig's part of config_convert.h.
#include <google/protobuf/text_format.h>

#include <algorithm>

#include "absl/strings/str_join.h"
#include "core/model/architecture.h"
#include "core/weights/embedding_layer.h"
#include "server/convert/config_convert.h"
#include "server/convert/objective_convert.h"

namespace timbre::convert {
namespace {

void EncoderFromProto(const v1::EncoderConfig& proto, const std::string& p, train::TrainingConfig& config,
                      FieldErrors& errors) {
  if (proto.has_architecture()) config.architecture = proto.architecture();
  const std::vector<std::string> known = model::KnownArchitectures();
  if (std::find(known.begin(), known.end(), config.architecture) == known.end()) {
    errors.Add(p + "architecture",
               absl::StrCat("'", config.architecture, "' is unknown; known: ", absl::StrJoin(known, ", ")));
  }
  if (proto.has_dropout()) config.dropout = proto.dropout();
  if (!(config.dropout >= 0 && config.dropout < 1)) {
    errors.Add(p + "dropout", absl::StrCat("must be in [0, 1), got ", config.dropout));
  }
  switch (proto.initialization()) {
    case v1::INITIALIZATION_UNSPECIFIED:
    case v1::INITIALIZATION_PYTORCH:
      config.initialization = model::Initialization::kPytorch;
      break;
    case v1::INITIALIZATION_KAIMING:
      config.initialization = model::Initialization::kKaiming;
      break;
    default:
      errors.Add(p + "initialization",
                 absl::StrCat("unknown value ", static_cast<int>(proto.initialization())));
  }
}

void ProjectorFromProto(const v1::ProjectorConfig& proto, const std::string& p, train::TrainingConfig& config,
                        FieldErrors& errors) {
  if (proto.has_hidden_dim()) config.projector_hidden_dim = proto.hidden_dim();
  errors.CheckRange<int64_t>(p + "hidden_dim", config.projector_hidden_dim, 1, 8192);
  if (proto.has_output_dim()) config.projector_dim = proto.output_dim();
  errors.CheckRange<int64_t>(p + "output_dim", config.projector_dim, 2, 8192);
  if (proto.has_layers()) config.projector_layers = proto.layers();
  errors.CheckRange<int64_t>(p + "layers", config.projector_layers, 1, 8);
  config.projector_bias = proto.bias();
  config.projector_batch_norm = proto.batch_norm();
}

void BatchFromProto(const v1::TrainingConfig& proto, const std::string& p, train::TrainingConfig& config,
                    FieldErrors& errors) {
  if (proto.has_batch_tracks()) config.batch_tracks = proto.batch_tracks();
  errors.CheckRange<int64_t>(p + "batch_tracks", config.batch_tracks, 2, 4096);
  if (proto.has_views()) config.views = proto.views();
  const loss::ViewRange views = loss::SupportedViews(config.objective);
  errors.CheckRange<int64_t>(p + "views", config.views, views.min, std::min<int64_t>(views.max, 16));
  switch (proto.batch_unit()) {
    case v1::BATCH_UNIT_UNSPECIFIED:
    case v1::BATCH_UNIT_TRACK:
      config.batch_unit = dataset::BatchUnit::kTrack;
      break;
    case v1::BATCH_UNIT_CLIP:
      config.batch_unit = dataset::BatchUnit::kClip;
      break;
    default:
      errors.Add(p + "batch_unit", absl::StrCat("unknown value ", static_cast<int>(proto.batch_unit())));
  }
}

// The moving average and what is served.
void PublishedFromProto(const v1::TrainingConfig& proto, const std::string& p, train::TrainingConfig& config,
                        FieldErrors& errors) {
  if (proto.has_ema_decay()) config.ema_decay = proto.ema_decay();
  if (!(config.ema_decay >= 0 && config.ema_decay < 1)) {
    errors.Add(p + "ema_decay", absl::StrCat("must be in [0, 1), got ", config.ema_decay));
  }
  if (proto.has_embedding_layer()) config.embedding_layer = proto.embedding_layer();
  const absl::StatusOr<int64_t> layer = weights::ParseEmbeddingLayer(config.embedding_layer);
  errors.AddIfError(p + "embedding_layer", layer.status());
  if (layer.ok() && *layer > config.projector_layers) {
    errors.Add(p + "embedding_layer", absl::StrCat("is ", config.embedding_layer, ", but the projector has ",
                                                   config.projector_layers, " layers"));
  }
}

}  // namespace

train::TrainingConfig TrainingConfigFromProto(const v1::TrainingConfig& proto, const std::string& prefix,
                                              FieldErrors& errors) {
  train::TrainingConfig config;
  const std::string p = prefix + ".";
  EncoderFromProto(proto.encoder(), p + "encoder.", config, errors);
  ProjectorFromProto(proto.projector(), p + "projector.", config, errors);
  config.objective = ObjectiveFromProto(proto.objective(), p + "objective", errors);
  config.chain = proto.has_augmentation() ? ChainFromProto(proto.augmentation(), p + "augmentation", errors)
                                          : augment::TutorialChain();
  config.optimizer = OptimizerFromProto(proto.optimizer(), p + "optimizer", errors);
  BatchFromProto(proto, p, config, errors);
  PublishedFromProto(proto, p, config, errors);
  if (proto.has_steps()) config.steps = proto.steps();
  errors.CheckRange<int64_t>(p + "steps", config.steps, 1, 10'000'000);
  if (proto.has_seed()) config.seed = proto.seed();
  return config;
}

v1::TrainingConfig TrainingConfigToProto(const train::TrainingConfig& config) {
  v1::TrainingConfig proto;
  proto.mutable_encoder()->set_architecture(config.architecture);
  proto.mutable_encoder()->set_dropout(config.dropout);
  proto.mutable_encoder()->set_initialization(config.initialization == model::Initialization::kKaiming
                                                  ? v1::INITIALIZATION_KAIMING
                                                  : v1::INITIALIZATION_PYTORCH);
  proto.mutable_projector()->set_hidden_dim(static_cast<int32_t>(config.projector_hidden_dim));
  proto.mutable_projector()->set_output_dim(static_cast<int32_t>(config.projector_dim));
  proto.mutable_projector()->set_layers(static_cast<int32_t>(config.projector_layers));
  proto.mutable_projector()->set_bias(config.projector_bias);
  proto.mutable_projector()->set_batch_norm(config.projector_batch_norm);
  *proto.mutable_objective() = ObjectiveToProto(config.objective);
  *proto.mutable_augmentation() = ChainToProto(config.chain);
  *proto.mutable_optimizer() = OptimizerToProto(config.optimizer);
  proto.set_batch_tracks(static_cast<int32_t>(config.batch_tracks));
  proto.set_steps(config.steps);
  proto.set_seed(config.seed);
  proto.set_views(static_cast<int32_t>(config.views));
  proto.set_batch_unit(config.batch_unit == dataset::BatchUnit::kClip ? v1::BATCH_UNIT_CLIP
                                                                      : v1::BATCH_UNIT_TRACK);
  proto.set_ema_decay(config.ema_decay);
  proto.set_embedding_layer(config.embedding_layer);
  return proto;
}

std::string TrainingConfigText(const train::TrainingConfig& config) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(TrainingConfigToProto(config), &text);
  return text;
}

}  // namespace timbre::convert
