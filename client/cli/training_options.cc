#include "client/cli/training_options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/presets.h"
#include "client/cli/textproto.h"
#include "client/folder.h"

namespace timbre::cli {
namespace {

constexpr std::pair<const char*, v1::HealthProblem> kProblems[] = {
    {"collapse", v1::HEALTH_PROBLEM_COLLAPSE},
    {"loss-at-chance", v1::HEALTH_PROBLEM_LOSS_AT_CHANCE},
    {"starving", v1::HEALTH_PROBLEM_STARVING}};

absl::StatusOr<v1::TrainingConfig> BaseConfig(const TrainingOptions& options) {
  if (!options.config_path.empty()) {
    auto text = client::ReadFile(options.config_path);
    if (!text.ok()) return text.status();
    return ParseTrainingConfig(*text, options.config_path);
  }
  for (const Preset& preset : Presets()) {
    if (preset.name == options.preset) {
      return ParseTrainingConfig(std::string(preset.text), absl::StrCat("preset ", preset.name));
    }
  }
  return v1::TrainingConfig();
}

absl::Status SetObjective(const TrainingOptions& options, v1::TrainingConfig& config) {
  if (!options.objective && !options.temperature) return absl::OkStatus();
  v1::ObjectiveConfig& objective = *config.mutable_objective();
  const google::protobuf::OneofDescriptor& kinds = *objective.GetDescriptor()->oneof_decl(0);
  std::string name = options.objective.value_or("nt_xent");
  if (!options.objective && objective.kind_case() != v1::ObjectiveConfig::KIND_NOT_SET) {
    name = objective.GetReflection()->GetOneofFieldDescriptor(objective, &kinds)->name();
  }
  const google::protobuf::FieldDescriptor* kind = objective.GetDescriptor()->FindFieldByName(name);
  if (kind == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "objective \"", name, "\" is unknown; it must be one of: ", absl::StrJoin(ObjectiveNames(), ", ")));
  }
  google::protobuf::Message& chosen = *objective.GetReflection()->MutableMessage(&objective, kind);
  if (!options.temperature) return absl::OkStatus();
  const google::protobuf::FieldDescriptor* temperature =
      chosen.GetDescriptor()->FindFieldByName("temperature");
  if (temperature == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("objective ", name, " has no temperature"));
  }
  chosen.GetReflection()->SetDouble(&chosen, temperature, *options.temperature);
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> ObjectiveNames() {
  std::vector<std::string> names;
  const google::protobuf::Descriptor& objective = *v1::ObjectiveConfig::descriptor();
  names.reserve(static_cast<size_t>(objective.field_count()));
  for (int i = 0; i < objective.field_count(); ++i) names.push_back(objective.field(i)->name());
  return names;
}

absl::StatusOr<v1::TrainingConfig> ParseTrainingConfig(const std::string& text, const std::string& origin) {
  v1::TrainingConfig config;
  const absl::Status parsed = ParseTextproto(
      text, origin, "a TrainingConfig is wanted: see training_config.proto and deploy/presets", config);
  if (!parsed.ok()) return parsed;
  return config;
}

absl::StatusOr<v1::TrainingConfig> MakeTrainingConfig(const TrainingOptions& options) {
  auto config = BaseConfig(options);
  if (!config.ok()) return config;
  if (options.steps) config->set_steps(*options.steps);
  if (options.batch_tracks) config->set_batch_tracks(*options.batch_tracks);
  if (options.learning_rate) config->mutable_optimizer()->set_learning_rate(*options.learning_rate);
  if (absl::Status status = SetObjective(options, *config); !status.ok()) return status;
  if (options.seed) config->set_seed(*options.seed);
  return config;
}

std::vector<std::string> HealthProblemNames() {
  std::vector<std::string> names;
  for (const auto& [name, problem] : kProblems) names.emplace_back(name);
  return names;
}

v1::RuntimeConfig MakeRuntimeConfig(const TrainingOptions& options) {
  v1::RuntimeConfig config;
  if (options.device) config.set_device(*options.device);
  if (options.precision == "auto") config.set_precision(v1::PRECISION_AUTO);
  if (options.precision == "fp32") config.set_precision(v1::PRECISION_FP32);
  if (options.precision == "bf16") config.set_precision(v1::PRECISION_BF16);
  if (options.train_engine == "auto") config.set_train_engine(v1::TRAIN_ENGINE_AUTO);
  if (options.train_engine == "torch") config.set_train_engine(v1::TRAIN_ENGINE_TORCH);
  if (options.train_engine == "timbre") config.set_train_engine(v1::TRAIN_ENGINE_TIMBRE);
  if (options.loader_workers) config.set_loader_workers(*options.loader_workers);
  if (options.snapshot_interval_steps) config.set_snapshot_interval_steps(*options.snapshot_interval_steps);
  if (options.report_interval_steps) config.set_report_interval_steps(*options.report_interval_steps);
  for (const std::string& asked : options.stop_on_health) {
    for (const auto& [name, problem] : kProblems) {
      if (asked == name) config.add_stop_on_health(problem);
    }
  }
  if (options.health_grace_steps) config.set_health_grace_steps(*options.health_grace_steps);
  return config;
}

}  // namespace timbre::cli
