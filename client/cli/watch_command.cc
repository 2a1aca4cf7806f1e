#include "client/cli/commands.h"
#include "client/cli/job_text.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/cli/watch.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

struct Options {
  std::string job;
  int64_t after = 0;
};

absl::StatusOr<ExitCode> Watch(const Session& session, const Options& options) {
  auto job = WatchToEnd(session, session.Connect(), options.job, options.after);
  if (!job.ok()) return job.status();
  session.console.out << (session.json ? ToJson(*job) : OutcomeText(session.console, *job));
  return ExitCodeOf(job->state());
}

}  // namespace

void AddWatchCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "watch",
      "Follow a job until it is over; a lost connection is made again. With --json: the job at its end");
  command->add_option("job", options->job, "a job, as `timbre jobs` lists it")
      ->required()
      ->transform(LongName(client::JobName));
  command->add_option("--after", options->after, "begin after the event of this number")->check(AtLeast(0));
  command->footer(Example("timbre watch jf214300e7aa6"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Watch(session, *options); }; });
}

}  // namespace timbre::cli
