#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/augment/chain.h"
#include "core/base/status_macros.h"
#include "core/loss/objective_config.h"
#include "core/model/architecture.h"
#include "core/model/device.h"
#include "core/train/trainer.h"
#include "core/weights/embedding_layer.h"

namespace timbre::train {
namespace {

absl::Status CheckRange(const char* field, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", value, "; it must be between ", low, " and ", high));
}

absl::Status CheckName(const char* field, const std::string& value, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is \"", value, "\"; it must be one of: ", absl::StrJoin(known, ", ")));
}

// The same status code, the message led by the field.
absl::Status Within(const char* field, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(field, ": ", status.message()));
}

absl::Status CheckReal(const char* field, double value, double low, double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", value, "; it must be between ", low, " and ", high));
}

absl::Status CheckOptimizer(const OptimizerConfig& optimizer) {
  constexpr double kBelowOne = 1 - 1e-9;
  if (!(optimizer.learning_rate > 0 && optimizer.learning_rate <= 10)) {
    return absl::InvalidArgumentError(
        absl::StrCat("learning_rate is ", optimizer.learning_rate,
                     "; it must be in (0, 10], usually 1e-5 to 1e-3, with LARS 0.1 to 5"));
  }
  TIMBRE_RETURN_IF_ERROR(CheckReal("weight_decay", optimizer.weight_decay, 0, 1));
  TIMBRE_RETURN_IF_ERROR(CheckReal("beta1", optimizer.beta1, 0, kBelowOne));
  TIMBRE_RETURN_IF_ERROR(CheckReal("beta2", optimizer.beta2, 0, kBelowOne));
  TIMBRE_RETURN_IF_ERROR(CheckReal("epsilon", optimizer.epsilon, 0, 1));
  TIMBRE_RETURN_IF_ERROR(CheckReal("momentum", optimizer.momentum, 0, kBelowOne));
  if (optimizer.kind == OptimizerKind::kSgd && optimizer.nesterov && optimizer.momentum == 0) {
    return absl::InvalidArgumentError("nesterov needs a momentum above 0");
  }
  TIMBRE_RETURN_IF_ERROR(CheckReal("trust_coefficient", optimizer.trust_coefficient, 1e-9, 1));
  TIMBRE_RETURN_IF_ERROR(CheckRange("warmup_steps", optimizer.schedule.warmup_steps, 0, 1'000'000'000));
  TIMBRE_RETURN_IF_ERROR(CheckReal("final_ratio", optimizer.schedule.final_ratio, 0, 1));
  TIMBRE_RETURN_IF_ERROR(CheckReal("gradient_clip_norm", optimizer.gradient_clip_norm, 0, 1e9));
  TIMBRE_RETURN_IF_ERROR(CheckReal("bias_rate_multiple", optimizer.bias_rate_multiple, 0, 1000));
  return CheckRange("accumulation_steps", optimizer.accumulation_steps, 1, 1024);
}

absl::Status CheckViews(const TrainingConfig& config) {
  const loss::ViewRange range = loss::SupportedViews(config.objective);
  if (config.views >= range.min && config.views <= range.max) return absl::OkStatus();
  const std::string name(loss::ObjectiveName(config.objective));
  return absl::InvalidArgumentError(absl::StrCat("views is ", config.views, "; objective ", name,
                                                 " compares ", range.min, " to ", range.max));
}

absl::Status CheckEmbeddingLayer(const TrainingConfig& config) {
  TIMBRE_ASSIGN_OR_RETURN(const int64_t layer, weights::ParseEmbeddingLayer(config.embedding_layer));
  return CheckRange("embedding_layer's number", layer, 0, config.projector_layers);
}

}  // namespace

absl::Status ValidateTrainingConfig(const TrainingConfig& config) {
  TIMBRE_RETURN_IF_ERROR(CheckName("architecture", config.architecture, model::KnownArchitectures()));
  if (!(config.dropout >= 0 && config.dropout < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("dropout is ", config.dropout, "; it must be in [0, 1)"));
  }
  TIMBRE_RETURN_IF_ERROR(CheckRange("projector_hidden_dim", config.projector_hidden_dim, 1, 65536));
  TIMBRE_RETURN_IF_ERROR(CheckRange("projector_dim", config.projector_dim, 1, 65536));
  TIMBRE_RETURN_IF_ERROR(CheckRange("projector_layers", config.projector_layers, 1, 8));
  TIMBRE_RETURN_IF_ERROR(Within("objective", loss::CheckObjective(config.objective)));
  TIMBRE_RETURN_IF_ERROR(CheckViews(config));
  TIMBRE_RETURN_IF_ERROR(Within("chain", augment::Chain::Create(config.chain).status()));
  TIMBRE_RETURN_IF_ERROR(Within("optimizer", CheckOptimizer(config.optimizer)));
  TIMBRE_RETURN_IF_ERROR(CheckReal("ema_decay", config.ema_decay, 0, 1 - 1e-9));
  TIMBRE_RETURN_IF_ERROR(CheckRange("batch_tracks", config.batch_tracks, 2, 65536));
  TIMBRE_RETURN_IF_ERROR(CheckEmbeddingLayer(config));
  return CheckRange("steps", config.steps, 1, 1'000'000'000);
}

absl::Status ValidateRuntimeConfig(const RuntimeConfig& runtime) {
  TIMBRE_RETURN_IF_ERROR(model::ChooseDevice(runtime.device).status());
  TIMBRE_RETURN_IF_ERROR(CheckName("precision", runtime.precision, {"auto", "fp32", "bf16"}));
  TIMBRE_RETURN_IF_ERROR(CheckName("train_engine", runtime.train_engine, {"auto", "torch", "timbre"}));
  TIMBRE_RETURN_IF_ERROR(CheckRange("loader_workers", runtime.loader_workers, 1, 1024));
  TIMBRE_RETURN_IF_ERROR(CheckRange("torch_threads", runtime.torch_threads, 0, 1024));
  TIMBRE_RETURN_IF_ERROR(
      CheckRange("snapshot_interval_steps", runtime.snapshot_interval_steps, 1, 1'000'000'000));
  TIMBRE_RETURN_IF_ERROR(CheckRange("health_grace_steps", runtime.health_grace_steps, 0, 1'000'000'000));
  return CheckRange("report_interval_steps", runtime.report_interval_steps, 1, 1'000'000'000);
}

}  // namespace timbre::train
