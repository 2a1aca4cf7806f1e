#include "client/report/training_json.h"

#include <google/protobuf/descriptor.h>

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/report/numbers.h"

namespace timbre::report {
namespace {

using nlohmann::json;

const char* Kind(const v1::Job& job) {
  switch (job.spec_case()) {
    case v1::Job::kSslTraining:
      return "training";
    case v1::Job::kLinearProbe:
      return "probe";
    case v1::Job::kIngest:
      return "ingest";
    case v1::Job::SPEC_NOT_SET:
      break;
  }
  return "job";
}

double SecondsBetween(const google::protobuf::Timestamp& from, const google::protobuf::Timestamp& to) {
  return static_cast<double>(to.seconds() - from.seconds()) + (to.nanos() - from.nanos()) * 1e-9;
}

std::string ObjectiveName(const v1::ObjectiveConfig& objective) {
  if (objective.kind_case() == v1::ObjectiveConfig::KIND_NOT_SET) return "nt_xent";
  return std::string(v1::ObjectiveConfig::descriptor()->FindFieldByNumber(objective.kind_case())->name());
}

}  // namespace

json JobJson(const v1::Job& job) {
  const bool ended = job.has_start_time() && job.has_end_time();
  const std::string state = v1::JobState_Name(job.state());
  return {{"name", job.name()},
          {"kind", Kind(job)},
          {"display_name", job.display_name()},
          {"state", std::string(absl::StripPrefix(state, "JOB_STATE_"))},
          {"error", job.has_error() ? json(job.error().message()) : json()},
          {"created", Time(job.create_time())},
          {"started", Time(job.start_time())},
          {"ended", Time(job.end_time())},
          {"seconds", ended ? Number(SecondsBetween(job.start_time(), job.end_time())) : json()},
          {"restarts", job.restart_count()},
          {"step", job.step()},
          {"step_count", job.step_count()}};
}

std::optional<double> ChanceLoss(const v1::TrainingConfig& config) {
  const v1::ObjectiveConfig& objective = config.objective();
  const bool nt_xent = objective.kind_case() == v1::ObjectiveConfig::kNtXent ||
                       objective.kind_case() == v1::ObjectiveConfig::KIND_NOT_SET;
  if (!nt_xent || objective.nt_xent().mask_same_track() || config.batch_tracks() < 2) return std::nullopt;
  return std::log(2.0 * config.batch_tracks() - 1.0);
}

json TrainingJson(const v1::Job& job) {
  const v1::SslTrainingSpec& spec = job.ssl_training();
  const v1::TrainingConfig& config = spec.training_config();
  json out = {{"job", JobJson(job)},
              {"dataset", spec.dataset()},
              {"model", spec.model()},
              {"objective", ObjectiveName(config.objective())},
              {"batch_tracks", config.batch_tracks()},
              // A text: JavaScript's numbers end at 2^53.
              {"seed", absl::StrCat(config.seed())}};
  if (const auto chance = ChanceLoss(config)) out["chance_loss"] = Number(*chance);
  if (job.has_ssl_training_result()) {
    const v1::SslTrainingResult& result = job.ssl_training_result();
    out["result"] = {{"model_version", result.model_version()},
                     {"space_id", result.embedding_space_id()},
                     {"step_count", result.step_count()},
                     {"first_loss", Number(result.first_loss())},
                     {"final_loss", Number(result.final_loss())}};
  }
  return out;
}

}  // namespace timbre::report
