#pragma once

#include <timbre/v1/job_service.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace timbre::cli {

// What `timbre train` may set; what is unset is left to the preset or file, and then to the server's
// defaults.
struct TrainingOptions {
  // A name of Presets(); empty: none.
  std::string preset = {};
  // A textproto file of a TrainingConfig; empty: none.
  std::string config_path = {};
  std::optional<int64_t> steps = {};
  std::optional<int32_t> batch_tracks = {};
  std::optional<double> learning_rate = {};
  // A field of ObjectiveConfig with its defaults; the preset's or file's own if that is the one it has.
  std::optional<std::string> objective = {};
  // Of the objective, whichever it is.
  std::optional<double> temperature = {};
  std::optional<uint64_t> seed = {};
  std::optional<std::string> device = {};
  // auto, fp32 or bf16.
  std::optional<std::string> precision = {};
  // auto, torch or timbre.
  std::optional<std::string> train_engine = {};
  std::optional<int32_t> loader_workers = {};
  std::optional<int64_t> snapshot_interval_steps = {};
  std::optional<int64_t> report_interval_steps = {};
  // Names of HealthProblemNames().
  std::vector<std::string> stop_on_health = {};
  std::optional<int64_t> health_grace_steps = {};
};

// The preset or file, with the options on top.
// Errors: kNotFound no such file · kInvalidArgument a text that is no TrainingConfig, with file, line and
// column; an unknown objective; a temperature for an objective that has none.
absl::StatusOr<v1::TrainingConfig> MakeTrainingConfig(const TrainingOptions& options);

// The objectives that ObjectiveConfig has.
std::vector<std::string> ObjectiveNames();

// The problems of a training's health, as the command line calls them: "collapse", "loss-at-chance", ...
std::vector<std::string> HealthProblemNames();

v1::RuntimeConfig MakeRuntimeConfig(const TrainingOptions& options);

// Parses a textproto; `origin` names it in errors.
absl::StatusOr<v1::TrainingConfig> ParseTrainingConfig(const std::string& text, const std::string& origin);

}  // namespace timbre::cli
