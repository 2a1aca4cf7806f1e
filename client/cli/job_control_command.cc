#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/jobs.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

using Control = absl::StatusOr<v1::Job> (*)(const client::Connection&, const std::string&);

absl::StatusOr<ExitCode> Change(const Session& session, Control control, const std::string& name) {
  auto job = control(session.Connect(), name);
  if (!job.ok()) return job.status();
  session.console.out << (session.json ? ToJson(*job)
                                       : absl::StrCat(job->name(), " is ", StateName(job->state()), "\n"));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Delete(const Session& session, const std::string& name) {
  if (absl::Status status = client::DeleteJob(session.Connect(), name); !status.ok()) return status;
  session.console.out << (session.json ? ToJson(v1::DeleteJobResponse())
                                       : absl::StrCat(name, " is deleted\n"));
  return ExitCode::kOk;
}

using Run = std::function<absl::StatusOr<ExitCode>(const Session&, const std::string&)>;

void AddByName(CLI::App& command, Session& session, const Run& run) {
  auto name = std::make_shared<std::string>();
  command.add_option("job", *name, "a job, as `timbre jobs` lists it")
      ->required()
      ->transform(LongName(client::JobName));
  command.footer(Example(absl::StrCat("timbre ", command.get_name(), " jf214300e7aa6")));
  command.callback(
      [&session, name, run] { session.command = [&session, name, run] { return run(session, *name); }; });
}

void AddControl(CLI::App& command, Session& session, Control control) {
  AddByName(command, session, [control](const Session& chosen, const std::string& name) {
    return Change(chosen, control, name);
  });
}

}  // namespace

void AddJobControlCommands(CLI::App& app, Session& session) {
  AddControl(*app.add_subcommand("pause", "Pause a training after a snapshot"), session, client::PauseJob);
  AddControl(*app.add_subcommand("resume",
                                 "Go on with a paused, failed or cancelled training from its last snapshot"),
             session, client::ResumeJob);
  AddControl(*app.add_subcommand("cancel", "Cancel a job"), session, client::CancelJob);
  AddByName(*app.add_subcommand("delete", "Delete a job that is over; models that it made stay"), session,
            Delete);
}

}  // namespace timbre::cli
