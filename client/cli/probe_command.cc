#include <optional>

#include "client/cli/commands.h"
#include "client/cli/job_text.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/cli/watch.h"
#include "client/jobs.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

struct Options {
  std::string model_version;
  std::string train;
  std::string test;
  std::string display_name;
  std::optional<uint64_t> seed;
  std::optional<int32_t> max_epochs;
  std::optional<std::string> device;
  bool watch = false;
};

v1::SubmitJobRequest MakeRequest(const Options& options) {
  v1::SubmitJobRequest request;
  request.mutable_job()->set_display_name(options.display_name);
  v1::LinearProbeSpec& spec = *request.mutable_job()->mutable_linear_probe();
  spec.set_model_version(options.model_version);
  spec.set_train_dataset(options.train);
  spec.set_test_dataset(options.test);
  if (options.seed) spec.mutable_probe_config()->set_seed(*options.seed);
  if (options.max_epochs) spec.mutable_probe_config()->set_max_epochs(*options.max_epochs);
  if (options.device) spec.mutable_runtime_config()->set_device(*options.device);
  return request;
}

absl::StatusOr<ExitCode> Probe(const Session& session, const Options& options) {
  const client::Connection connection = session.Connect();
  auto job = client::SubmitJob(connection, MakeRequest(options));
  if (!job.ok()) return job.status();
  if (options.watch) {
    job = WatchToEnd(session, connection, job->name());
    if (!job.ok()) return job.status();
  }
  if (session.json) {
    session.console.out << ToJson(*job);
  } else if (options.watch) {
    session.console.out << OutcomeText(session.console, *job);
  } else {
    const std::string id = client::ShortName(job->name());
    session.console.out << job->name() << " is queued; watch it: timbre watch " << id
                        << "; its scores afterwards: timbre job " << id << "\n";
  }
  return options.watch ? ExitCodeOf(job->state()) : ExitCode::kOk;
}

}  // namespace

void AddProbeCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "probe",
      "Judge a model version by a linear probe, beside an untrained encoder, and attach a tagger to it");
  command->add_option("--model-version", options->model_version, "m/3, or m for its newest version")
      ->required()
      ->transform(LongName(client::ModelOrVersionName));
  command->add_option("--train", options->train, "data set with tags that the head learns from")
      ->required()
      ->transform(LongName(client::DatasetName));
  command->add_option("--test", options->test, "data set with the same tags that judges it")
      ->required()
      ->transform(LongName(client::DatasetName));
  command->add_option("--name", options->display_name, "free text for people");
  command->add_option("--seed", options->seed, "seed of split, order and weights");
  command->add_option("--max-epochs", options->max_epochs, "most epochs");
  command->add_option("--device", options->device, "auto, cpu or cuda:N");
  command->add_flag("--watch", options->watch, "watch until it is over and print the scores");
  command->footer(
      Example("timbre probe --model-version m/1 --train tagged-train --test tagged-test --watch"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Probe(session, *options); }; });
}

}  // namespace timbre::cli
