#include <map>

#include "client/cli/commands.h"
#include "client/cli/job_text.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/jobs.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

struct Options {
  std::vector<v1::JobState> states;
  int limit = 50;
};

const std::map<std::string, v1::JobState>& States() {
  static const auto* const states = new std::map<std::string, v1::JobState>{
      {"queued", v1::JOB_STATE_QUEUED},         {"running", v1::JOB_STATE_RUNNING},
      {"pausing", v1::JOB_STATE_PAUSING},       {"paused", v1::JOB_STATE_PAUSED},
      {"cancelling", v1::JOB_STATE_CANCELLING}, {"succeeded", v1::JOB_STATE_SUCCEEDED},
      {"failed", v1::JOB_STATE_FAILED},         {"cancelled", v1::JOB_STATE_CANCELLED}};
  return *states;
}

absl::StatusOr<ExitCode> List(const Session& session, const Options& options) {
  auto jobs = client::ListJobs(session.Connect(), options.states, options.limit);
  if (!jobs.ok()) return jobs.status();
  if (session.json) {
    v1::ListJobsResponse all;
    for (v1::Job& job : *jobs) *all.add_jobs() = std::move(job);
    session.console.out << ToJson(all);
  } else {
    session.console.out << JobTable(*jobs);
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Show(const Session& session, const std::string& name) {
  auto job = client::GetJob(session.Connect(), name);
  if (!job.ok()) return job.status();
  session.console.out << (session.json ? ToJson(*job) : JobText(session.console, *job));
  return ExitCode::kOk;
}

}  // namespace

void AddJobsCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("jobs", "List jobs, newest first");
  command
      ->add_option("--state", options->states,
                   "only these: queued, running, pausing, paused, cancelling, succeeded, "
                   "failed, cancelled; may be repeated")
      ->transform(OneOf(States()))
      ->delimiter(',');
  command->add_option("--limit", options->limit, "at most so many")->check(AtLeast(1))->capture_default_str();
  command->footer(Example("timbre jobs --state queued,running"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return List(session, *options); }; });
}

void AddJobCommand(CLI::App& app, Session& session) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("job", "Show a job and its result");
  command->add_option("job", *name, "a job, as `timbre jobs` lists it")
      ->required()
      ->transform(LongName(client::JobName));
  command->footer(Example("timbre job jf214300e7aa6"));
  command->callback(
      [&session, name] { session.command = [&session, name] { return Show(session, *name); }; });
}

}  // namespace timbre::cli
