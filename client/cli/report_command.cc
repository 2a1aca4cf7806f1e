#include "client/cli/commands.h"
#include "client/cli/name_checks.h"
#include "client/cli/report_sources.h"
#include "client/names.h"
#include "client/output_file.h"
#include "client/report/document.h"
#include "client/report/page.h"

namespace timbre::cli {
namespace {

struct Options {
  std::string job;
  std::string out = "report.html";
};

absl::StatusOr<ExitCode> Report(const Session& session, const Options& options) {
  auto parts = GatherReport(session, options.job);
  if (!parts.ok()) return parts.status();
  const nlohmann::json document = report::Document(*parts);
  const absl::Status written = client::WriteWhole(options.out, report::Page(document));
  if (!written.ok()) return written;
  if (session.json) {
    session.console.out << report::DocumentText(document, true) << "\n";
    return ExitCode::kOk;
  }
  for (const std::string& note : parts->notes) session.console.err << "note: " << note << "\n";
  session.console.out << "wrote " << options.out << "\n";
  return ExitCode::kOk;
}

}  // namespace

void AddReportCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "report",
      "Write what a training or a probe found as one HTML file with plots, which needs no network; a probe's "
      "also shows the training of its encoder. With --json: also print what is in it");
  command->add_option("job", options->job, "a job, as `timbre jobs` lists it")
      ->required()
      ->transform(LongName(client::JobName));
  command->add_option("-o,--out", options->out, "the file")->capture_default_str();
  command->footer(Example("timbre report jf214300e7aa6 -o report.html"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Report(session, *options); }; });
}

}  // namespace timbre::cli
