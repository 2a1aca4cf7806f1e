#include <timbre/v1/admin_service.pb.h>

#include "absl/strings/str_cat.h"
#include "client/admin.h"
#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/json.h"

namespace timbre::cli {
namespace {

absl::StatusOr<ExitCode> Drain(const Session& session) {
  if (absl::Status status = client::Drain(session.Connect()); !status.ok()) return status;
  session.console.out << (session.json ? ToJson(v1::DrainResponse())
                                       : "the server takes no more calls, finishes what it has, and ends\n");
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> SetLogLevel(const Session& session, const std::string& level) {
  if (absl::Status status = client::SetLogLevel(session.Connect(), level); !status.ok()) return status;
  session.console.out << (session.json ? ToJson(v1::SetLogLevelResponse())
                                       : absl::StrCat("the log begins at ", level, "\n"));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Backup(const Session& session, const std::string& name) {
  const auto size_bytes = client::Backup(session.Connect(), name);
  if (!size_bytes.ok()) return size_bytes.status();
  v1::BackupResponse response;
  response.set_size_bytes(*size_bytes);
  session.console.out << (session.json ? ToJson(response)
                                       : absl::StrCat("backups/", name, " of the server's state folder, ",
                                                      FormatBytes(*size_bytes), "\n"));
  return ExitCode::kOk;
}

void AddDrain(CLI::App& group, Session& session) {
  CLI::App* command = group.add_subcommand("drain", "End the server as SIGTERM does");
  command->footer(Example("timbre admin drain"));
  command->callback([&session] { session.command = [&session] { return Drain(session); }; });
}

void AddLogLevel(CLI::App& group, Session& session) {
  auto level = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand("log-level", "Set what is logged, until the server ends");
  command->add_option("level", *level, "debug, info, warn, error or off")
      ->required()
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
  command->footer(Example("timbre admin log-level debug"));
  command->callback(
      [&session, level] { session.command = [&session, level] { return SetLogLevel(session, *level); }; });
}

void AddBackup(CLI::App& group, Session& session) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand(
      "backup",
      "Write a copy of the database (jobs, data sets, models, labels) to backups/NAME of the state folder");
  command->add_option("name", *name, "a file name that is not there yet, without folders")->required();
  command->footer(Example("timbre admin backup monday.db"));
  command->callback(
      [&session, name] { session.command = [&session, name] { return Backup(session, *name); }; });
}

}  // namespace

void AddAdminCommand(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("admin", "Drain, back up, set the log level; needs the role admin");
  group->require_subcommand(0, 1);
  group->footer(Example("timbre admin backup monday.db"));
  AddDrain(*group, session);
  AddLogLevel(*group, session);
  AddBackup(*group, session);
}

}  // namespace timbre::cli
