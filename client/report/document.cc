#include "client/report/document.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/names.h"
#include "client/report/configuration.h"
#include "client/report/numbers.h"
#include "client/report/probe_json.h"
#include "client/report/training_json.h"

namespace timbre::report {
namespace {

using nlohmann::json;

json ModelVersionJson(const v1::ModelVersion& version) {
  return {{"name", version.name()},
          {"space_id", version.embedding_space_id()},
          {"dim", version.embedding_dim()},
          {"architecture", version.architecture()},
          {"job", version.job()},
          {"dataset", version.dataset()},
          {"dataset_digest", version.dataset_digest()},
          {"seed", absl::StrCat(version.seed())},
          {"step_count", version.step_count()},
          {"build", version.build()},
          {"created", Time(version.create_time())}};
}

json DatasetsJson(const std::vector<ReportedDataset>& datasets) {
  json out = json::array();
  for (const auto& [role, dataset] : datasets) {
    out.push_back({{"role", role},
                   {"name", dataset.name()},
                   {"path", dataset.path()},
                   {"clips", dataset.clip_count()},
                   {"tracks", dataset.track_count()},
                   {"seconds", Number(dataset.audio_seconds())},
                   {"tag_count", dataset.tags_size()},
                   {"skipped", dataset.report().skipped_count()},
                   {"digest", dataset.digest()}});
  }
  return out;
}

json ConfigurationsJson(const ReportParts& parts) {
  json out = json::array();
  const auto add = [&out](const char* title, const google::protobuf::Message& message) {
    json rows = ConfigurationRows(message);
    if (!rows.empty()) out.push_back({{"title", title}, {"rows", std::move(rows)}});
  };
  if (parts.job.has_linear_probe()) {
    add("Probe", parts.job.linear_probe().probe_config());
    add("Runtime of the probe", parts.job.linear_probe().runtime_config());
  }
  if (parts.training) {
    add("Training", parts.training->ssl_training().training_config());
    add("Runtime of the training", parts.training->ssl_training().runtime_config());
  }
  return out;
}

}  // namespace

std::string Title(const v1::Job& job) {
  if (job.has_linear_probe())
    return absl::StrCat("Probe of ", client::ShortVersion(job.linear_probe().model_version()));
  if (job.has_ssl_training_result())
    return absl::StrCat("Training of ", client::ShortVersion(job.ssl_training_result().model_version()));
  return absl::StrCat("Training of ", client::ShortName(job.ssl_training().model()));
}

json Document(const ReportParts& parts) {
  json out = {{"title", Title(parts.job)},
              {"job", JobJson(parts.job)},
              {"configurations", ConfigurationsJson(parts)},
              {"datasets", DatasetsJson(parts.datasets)},
              {"notes", parts.notes},
              {"program", absl::StrCat("timbre ", parts.program_version)}};
  if (parts.job.has_linear_probe_result()) out["probe"] = ProbeJson(parts.job.linear_probe_result());
  if (parts.training) out["training"] = TrainingJson(*parts.training);
  if (!parts.curves.empty()) out["curves"] = parts.curves.ToJson();
  if (parts.model_version) out["model_version"] = ModelVersionJson(*parts.model_version);
  return out;
}

std::string DocumentText(const json& document, bool indented) {
  return document.dump(indented ? 2 : -1, ' ', false, json::error_handler_t::replace);
}

}  // namespace timbre::report
