#include "server/convert/config_convert.h"

#include <google/protobuf/text_format.h>

#include "server/convert/objective_convert.h"

namespace timbre::convert {

train::TrainingConfig TrainingConfigFromProto(const v1::TrainingConfig& proto, const std::string& prefix,
                                              FieldErrors& errors) {
  train::TrainingConfig config;
  const std::string p = prefix + ".";
  if (proto.encoder().has_architecture()) config.architecture = proto.encoder().architecture();
  if (config.architecture != "sample_cnn") {
    errors.Add(p + "encoder.architecture",
               absl::StrCat("'", config.architecture, "' is unknown; known: sample_cnn"));
  }
  if (proto.encoder().has_dropout()) config.dropout = proto.encoder().dropout();
  if (!(config.dropout >= 0 && config.dropout < 1)) {
    errors.Add(p + "encoder.dropout", absl::StrCat("must be in [0, 1), got ", config.dropout));
  }
  if (proto.projector().has_hidden_dim()) config.projector_hidden_dim = proto.projector().hidden_dim();
  errors.CheckRange<int64_t>(p + "projector.hidden_dim", config.projector_hidden_dim, 1, 8192);
  if (proto.projector().has_output_dim()) config.projector_dim = proto.projector().output_dim();
  errors.CheckRange<int64_t>(p + "projector.output_dim", config.projector_dim, 2, 8192);
  config.objective = ObjectiveFromProto(proto.objective(), p + "objective", errors);
  config.chain = proto.has_augmentation() ? ChainFromProto(proto.augmentation(), p + "augmentation", errors)
                                          : augment::TutorialChain();
  if (proto.optimizer().has_learning_rate()) config.learning_rate = proto.optimizer().learning_rate();
  errors.CheckAbove(p + "optimizer.learning_rate", config.learning_rate, 0, 1);
  if (proto.has_batch_tracks()) config.batch_tracks = proto.batch_tracks();
  errors.CheckRange<int64_t>(p + "batch_tracks", config.batch_tracks, 2, 4096);
  if (proto.has_steps()) config.steps = proto.steps();
  errors.CheckRange<int64_t>(p + "steps", config.steps, 1, 10'000'000);
  if (proto.has_seed()) config.seed = proto.seed();
  return config;
}

train::RuntimeConfig RuntimeConfigFromProto(const v1::RuntimeConfig& proto, const std::string& prefix,
                                            FieldErrors& errors) {
  train::RuntimeConfig runtime;
  const std::string p = prefix + ".";
  if (proto.has_device()) runtime.device = proto.device();
  switch (proto.precision()) {
    case v1::PRECISION_UNSPECIFIED:
    case v1::PRECISION_AUTO:
      runtime.precision = "auto";
      break;
    case v1::PRECISION_FP32:
      runtime.precision = "fp32";
      break;
    case v1::PRECISION_BF16:
      runtime.precision = "bf16";
      break;
    default:
      errors.Add(p + "precision", absl::StrCat("unknown value ", static_cast<int>(proto.precision())));
  }
  if (proto.has_loader_workers()) runtime.loader_workers = proto.loader_workers();
  errors.CheckRange<int64_t>(p + "loader_workers", runtime.loader_workers, 1, 64);
  if (proto.has_snapshot_interval_steps()) runtime.snapshot_interval_steps = proto.snapshot_interval_steps();
  errors.CheckRange<int64_t>(p + "snapshot_interval_steps", runtime.snapshot_interval_steps, 1, 1'000'000);
  if (proto.has_report_interval_steps()) runtime.report_interval_steps = proto.report_interval_steps();
  errors.CheckRange<int64_t>(p + "report_interval_steps", runtime.report_interval_steps, 1, 1'000'000);
  return runtime;
}

v1::TrainingConfig TrainingConfigToProto(const train::TrainingConfig& config) {
  v1::TrainingConfig proto;
  proto.mutable_encoder()->set_architecture(config.architecture);
  proto.mutable_encoder()->set_dropout(config.dropout);
  proto.mutable_projector()->set_hidden_dim(static_cast<int32_t>(config.projector_hidden_dim));
  proto.mutable_projector()->set_output_dim(static_cast<int32_t>(config.projector_dim));
  *proto.mutable_objective() = ObjectiveToProto(config.objective);
  *proto.mutable_augmentation() = ChainToProto(config.chain);
  proto.mutable_optimizer()->set_learning_rate(config.learning_rate);
  proto.set_batch_tracks(static_cast<int32_t>(config.batch_tracks));
  proto.set_steps(config.steps);
  proto.set_seed(config.seed);
  return proto;
}

std::string TrainingConfigText(const train::TrainingConfig& config) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(TrainingConfigToProto(config), &text);
  return text;
}

}  // namespace timbre::convert
