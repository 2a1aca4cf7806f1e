#include <memory>

#include "client/cli/commands.h"
#include "client/health.h"
#include "client/inference.h"

namespace timbre::cli {
namespace {

struct Options {
  std::string service;
  bool with_model = false;
};

absl::StatusOr<ExitCode> Answer(const Session& session, bool well, const char* text) {
  if (session.json) {
    session.console.out << "{\"serving\": " << (well ? "true" : "false") << "}\n";
  } else {
    (well ? session.console.out : session.console.err) << text << "\n";
  }
  return well ? ExitCode::kOk : ExitCode::kUnavailable;
}

// What requests that name no model are answered by.
bool HasStable(const v1::GetInfoResponse& info) {
  for (const v1::ServedModel& served : info.served_models()) {
    for (const std::string& label : served.labels()) {
      if (label == "stable") return true;
    }
  }
  return false;
}

absl::StatusOr<ExitCode> Health(const Session& session, const Options& options) {
  const client::Connection connection = session.Connect();
  const absl::StatusOr<bool> serving = client::IsServing(connection, options.service);
  if (!serving.ok()) return serving.status();
  if (!*serving) return Answer(session, false, "NOT_SERVING");
  if (!options.with_model) return Answer(session, true, "SERVING");
  const auto info = client::GetInfo(connection);
  if (!info.ok()) return info.status();
  return HasStable(*info) ? Answer(session, true, "SERVING")
                          : Answer(session, false, "SERVING, but no model is promoted to \"stable\"");
}

}  // namespace

void AddHealthCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "health", "Ask whether the server serves (grpc.health.v1): exit code 0, or 4 if not");
  command->add_option("--service", options->service, "one service of it, such as timbre.v1.JobService");
  command->add_flag("--with-model", options->with_model, "and whether a model is promoted to \"stable\"");
  command->footer(Example("timbre health --timeout 4"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Health(session, *options); }; });
}

}  // namespace timbre::cli
