#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/models.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

std::string LabelsOf(const v1::Model& model, int64_t version) {
  std::vector<std::string> labels;
  for (const auto& [label, labelled] : model.labels()) {
    if (labelled == version) labels.push_back(label);
  }
  std::sort(labels.begin(), labels.end());
  return absl::StrJoin(labels, ",");
}

std::string ModelTable(const std::vector<v1::Model>& models) {
  Table table({"VERSION", "LABELS", "STEPS", "DATASET", "JOB", "TAGGER", "mAP", "SPACE", "CREATED"});
  table.AlignRight(2);
  table.AlignRight(6);
  for (const v1::Model& model : models) {
    for (const v1::ModelVersion& version : model.versions()) {
      const bool has_tagger = version.taggers_size() > 0;
      const v1::Tagger& tagger = has_tagger ? *version.taggers().rbegin() : v1::Tagger::default_instance();
      table.AddRow({client::ShortVersion(version.name()), LabelsOf(model, version.version()),
                    absl::StrCat(version.step_count()), client::ShortName(version.dataset()),
                    client::ShortName(version.job()), client::ShortName(tagger.name()),
                    has_tagger ? FormatScore(tagger.evaluation().trained().mean_average_precision()) : "",
                    version.embedding_space_id().substr(0, 12), FormatTime(version.create_time())});
    }
  }
  return table.Render();
}

absl::StatusOr<ExitCode> List(const Session& session) {
  auto models = client::ListModels(session.Connect());
  if (!models.ok()) return models.status();
  if (session.json) {
    v1::ListModelsResponse all;
    for (v1::Model& model : *models) *all.add_models() = std::move(model);
    session.console.out << ToJson(all);
  } else {
    session.console.out << ModelTable(*models);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddModelsCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("models", "List models, their versions and labels");
  command->footer(Example("timbre models"));
  command->callback([&session] { session.command = [&session] { return List(session); }; });
}

}  // namespace timbre::cli
