#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/models.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

struct Options {
  std::string version;
  std::string label = "stable";
};

absl::StatusOr<ExitCode> Promote(const Session& session, const Options& options) {
  auto model = client::SetLabel(session.Connect(), options.version, options.label);
  if (!model.ok()) return model.status();
  session.console.out << (session.json
                              ? ToJson(*model)
                              : absl::StrCat("\"", options.label, "\" is now ", options.version, "\n"));
  return ExitCode::kOk;
}

}  // namespace

void AddPromoteCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("promote", "Move a label to a model version; \"stable\" is what is served");
  command->add_option("version", options->version, "m/3 or models/m/versions/3")
      ->required()
      ->transform(LongName(client::ModelVersionName));
  command->add_option("--label", options->label, "the label")->capture_default_str();
  command->footer(Example("timbre promote m/1"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Promote(session, *options); }; });
}

}  // namespace timbre::cli
