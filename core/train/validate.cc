#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/augment/chain.h"
#include "core/base/status_macros.h"
#include "core/loss/objective_config.h"
#include "core/model/device.h"
#include "core/model/encoder_module.h"
#include "core/train/trainer.h"

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

}  // namespace

absl::Status ValidateTrainingConfig(const TrainingConfig& config) {
  TIMBRE_RETURN_IF_ERROR(CheckName("architecture", config.architecture, model::KnownArchitectures()));
  if (!(config.dropout >= 0 && config.dropout < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("dropout is ", config.dropout, "; it must be in [0, 1)"));
  }
  TIMBRE_RETURN_IF_ERROR(CheckRange("projector_hidden_dim", config.projector_hidden_dim, 1, 65536));
  TIMBRE_RETURN_IF_ERROR(CheckRange("projector_dim", config.projector_dim, 1, 65536));
  TIMBRE_RETURN_IF_ERROR(Within("objective", loss::CheckObjective(config.objective)));
  TIMBRE_RETURN_IF_ERROR(Within("chain", augment::Chain::Create(config.chain).status()));
  if (!(config.learning_rate > 0 && config.learning_rate <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("learning_rate is ", config.learning_rate,
                                                   "; it must be in (0, 1], usually 1e-5 to 1e-3"));
  }
  TIMBRE_RETURN_IF_ERROR(CheckRange("batch_tracks", config.batch_tracks, 2, 65536));
  return CheckRange("steps", config.steps, 1, 1'000'000'000);
}

absl::Status ValidateRuntimeConfig(const RuntimeConfig& runtime) {
  TIMBRE_RETURN_IF_ERROR(model::ChooseDevice(runtime.device).status());
  TIMBRE_RETURN_IF_ERROR(CheckName("precision", runtime.precision, {"auto", "fp32", "bf16"}));
  TIMBRE_RETURN_IF_ERROR(CheckRange("loader_workers", runtime.loader_workers, 1, 1024));
  TIMBRE_RETURN_IF_ERROR(CheckRange("torch_threads", runtime.torch_threads, 0, 1024));
  TIMBRE_RETURN_IF_ERROR(
      CheckRange("snapshot_interval_steps", runtime.snapshot_interval_steps, 1, 1'000'000'000));
  return CheckRange("report_interval_steps", runtime.report_interval_steps, 1, 1'000'000'000);
}

}  // namespace timbre::train
