#include "client/cli/app.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/name_checks.h"
#include "client/cli/terminal.h"
#include "client/status.h"

namespace timbre::cli {
namespace {

void AddSharedOptions(CLI::App& app, Session& session) {
  app.add_option("--server", session.server,
                 "host:port of timbred; else $TIMBRE_SERVER, else 127.0.0.1:50051");
  client::CredentialFiles& files = session.credential_files;
  app.add_flag("--tls", files.tls, "encrypt, and trust the system's authorities");
  app.add_option("--tls-ca", files.authorities, "encrypt, and trust the authorities in this PEM file")
      ->envname("TIMBRE_TLS_CA");
  app.add_option("--tls-cert", files.certificate, "PEM of this client's certificate (mTLS)")
      ->envname("TIMBRE_TLS_CERT");
  app.add_option("--tls-key", files.private_key, "PEM of its key")->envname("TIMBRE_TLS_KEY");
  app.add_option("--tls-server-name", files.server_name,
                 "name in the server's certificate, where the address has another");
  app.add_option("--token-file", files.token_file, "file with a bearer token; else $TIMBRE_TOKEN")
      ->envname("TIMBRE_TOKEN_FILE");
  app.add_flag("--json", session.json, "print one JSON document");
  app.add_option("--timeout", session.timeout_seconds, "seconds that one call may take; 0: no limit")
      ->check(AtLeast(0))
      ->capture_default_str();
  app.add_option("--give-up-after", session.give_up_after_seconds,
                 "seconds without the server after which watching ends; 0: never")
      ->check(AtLeast(0))
      ->capture_default_str();
}

void AddCommands(CLI::App& app, Session& session) {
  AddDatasetCommand(app, session);
  AddTrainCommand(app, session);
  AddWatchCommand(app, session);
  AddJobsCommand(app, session);
  AddJobCommand(app, session);
  AddJobControlCommands(app, session);
  AddProbeCommand(app, session);
  AddReportCommand(app, session);
  AddModelsCommand(app, session);
  AddModelCommand(app, session);
  AddPromoteCommand(app, session);
  AddEmbedCommand(app, session);
  AddTagCommand(app, session);
  AddAugmentCommand(app, session);
  AddBenchCommand(app, session);
  AddHealthCommand(app, session);
  AddInfoCommand(app, session);
  AddAdminCommand(app, session);
  AddTokenCommand(app, session);
}

absl::StatusOr<ExitCode> RunWithCredentials(Session& session) {
  if (session.offline) return session.command();
  if (const char* token = std::getenv("TIMBRE_TOKEN"); token != nullptr)
    session.credential_files.token = token;
  absl::StatusOr<client::Credentials> credentials =
      client::LoadCredentials(session.credential_files, client::ServerAddress(session.server));
  if (!credentials.ok()) return credentials.status();
  session.credentials = *std::move(credentials);
  return session.command();
}

void Complain(const Session& session, const std::string& text) {
  session.console.err << Paint(session.console, Colour::kRed, "timbre:") << " " << text << "\n";
}

// What the user can do about it, where the error does not say so.
std::string Advice(const Session& session, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kUnavailable) {
    return absl::StrCat("  is timbred running at ", client::ServerAddress(session.server),
                        session.credentials.tls ? ", and does it speak TLS" : "",
                        "? --server or TIMBRE_SERVER say where it is\n");
  }
  // gRPC's own words: the limit was this side's.
  if (status.message() == "Deadline Exceeded" && session.timeout_seconds > 0)
    return absl::StrCat("  a call may take ", session.timeout_seconds, " s; --timeout gives it more\n");
  return "";
}

ExitCode RunCommand(Session& session) {
  const absl::StatusOr<ExitCode> result = RunWithCredentials(session);
  if (result.ok()) return *result;
  Complain(session, client::Describe(result.status()));
  session.console.err << Advice(session, result.status());
  return ExitCodeOf(result.status());
}

// The innermost command that was named, which wants one of its own.
const CLI::App& Innermost(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : Innermost(*chosen.front());
}

// The first word that is no option and that nobody took; empty without one.
std::string UnknownWord(const CLI::App& app) {
  for (const std::string& word : app.remaining(true)) {
    if (!word.starts_with('-')) return word;
  }
  return "";
}

ExitCode FailForWantOfCommand(const CLI::App& app, const Session& session) {
  std::vector<std::string> names;
  for (const CLI::App* command : Innermost(app).get_subcommands({})) names.push_back(command->get_name());
  const std::string unknown = UnknownWord(app);
  Complain(session, absl::StrCat(unknown.empty() ? "a command is missing"
                                                 : absl::StrCat("there is no command '", unknown, "'"),
                                 "; there are ", absl::StrJoin(names, ", ")));
  return ExitCode::kUsage;
}

ExitCode Run(const CLI::App& app, Session& session) {
  if (!session.command) return FailForWantOfCommand(app, session);
  const absl::Status address = client::CheckAddress(client::ServerAddress(session.server));
  if (!address.ok() && !session.offline) {
    Complain(session, std::string(address.message()));
    return ExitCode::kUsage;
  }
  const ExitCode code = RunCommand(session);
  session.console.out.flush();
  if (session.console.out.good()) return code;
  Complain(session, "the output could not be written; is the disk full?");
  return code == ExitCode::kOk ? ExitCode::kFailed : code;
}

}  // namespace

int RunApp(const std::vector<std::string>& arguments, const Console& console) {
  Session session{.console = console};
  CLI::App app("Trains music encoders by self-supervision, and embeds and tags audio with them.", "timbre");
  app.set_version_flag("--version", std::string("timbre " TIMBRE_VERSION));
  app.require_subcommand(0, 1);  // RunApp says better what is missing
  app.fallthrough();
  app.footer(absl::StrCat(ExitCodeHelp(), "\n\n",
                          Example("timbre train --dataset songs --model m --steps 500 --watch")));
  AddSharedOptions(app, session);
  AddCommands(app, session);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ExtrasError& error) {
    const bool group = !Innermost(app).get_subcommands({}).empty();
    if (group && !UnknownWord(app).empty()) return static_cast<int>(FailForWantOfCommand(app, session));
    app.exit(error, console.out, console.err);
    return static_cast<int>(ExitCode::kUsage);
  } catch (const CLI::ParseError& error) {
    const bool asked_for = app.exit(error, console.out, console.err) == 0;
    return static_cast<int>(asked_for ? ExitCode::kOk : ExitCode::kUsage);
  }
  return static_cast<int>(Run(app, session));
}

}  // namespace timbre::cli
