#include <optional>

#include "client/cli/commands.h"
#include "client/cli/job_text.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/cli/probe_options.h"
#include "client/cli/training_options.h"
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
  ProbeOptions probe;
  TrainingOptions runtime;  // of it the device and the engine
  bool watch = false;
};

absl::StatusOr<v1::SubmitJobRequest> MakeRequest(const Options& options) {
  auto config = MakeProbeConfig(options.probe);
  if (!config.ok()) return config.status();
  v1::SubmitJobRequest request;
  request.mutable_job()->set_display_name(options.display_name);
  v1::LinearProbeSpec& spec = *request.mutable_job()->mutable_linear_probe();
  spec.set_model_version(options.model_version);
  spec.set_train_dataset(options.train);
  spec.set_test_dataset(options.test);
  *spec.mutable_probe_config() = *std::move(config);
  *spec.mutable_runtime_config() = MakeRuntimeConfig(options.runtime);
  return request;
}

absl::StatusOr<ExitCode> Probe(const Session& session, const Options& options) {
  auto request = MakeRequest(options);
  if (!request.ok()) return request.status();
  const client::Connection connection = session.Connect();
  auto job = client::SubmitJob(connection, *std::move(request));
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

void AddConfigOptions(CLI::App& command, ProbeOptions& options) {
  command.add_option("--config", options.config_path, "a ProbeConfig as textproto");
  command.add_option("--head", options.head, "linear, or mlp with one hidden layer")
      ->check(CLI::IsMember({"linear", "mlp"}));
  command.add_option("--hidden-units", options.hidden_units, "of the mlp");
  command.add_option("--dropout", options.dropout, "of the mlp, while adam fits it");
  command.add_option("--optimizer", options.optimizer, "adam, or lbfgs on all clips at once")
      ->check(CLI::IsMember({"adam", "lbfgs"}));
  command.add_option("--l2", options.l2_strength, "L2 strength of the weights");
  command.add_option("--features", options.features, "auto, raw, l2 or standardized embeddings")
      ->check(CLI::IsMember({"auto", "raw", "l2", "standardized"}));
  command.add_option("--embedding-layer", options.embedding_layer,
                     "encoder or projector.K; of another than the version serves only the scores come");
  command
      .add_option("--label-fractions", options.label_fractions,
                  "also judge heads of these shares of the train tracks, such as 0.01,0.1,1")
      ->delimiter(',');
  command.add_option("--seed", options.seed, "seed of split, order, weights and resamples");
  command.add_option("--max-epochs", options.max_epochs, "most epochs, or iterations of lbfgs");
}

}  // namespace

void AddProbeCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "probe",
      "Judge a model version by a probe, beside an untrained encoder, log-mel statistics and nearest "
      "neighbours, and attach a tagger to it");
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
  AddConfigOptions(*command, options->probe);
  command->add_option("--device", options->runtime.device, "auto, cpu or cuda:N");
  command
      ->add_option("--train-engine", options->runtime.train_engine,
                   "what computes the embeddings: timbre (on a CPU), torch, or auto: timbre where it can")
      ->check(CLI::IsMember({"auto", "torch", "timbre"}));
  command->add_flag("--watch", options->watch, "watch until it is over and print the scores");
  command->footer(
      Example("timbre probe --model-version m/1 --train tagged-train --test tagged-test --watch"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Probe(session, *options); }; });
}

}  // namespace timbre::cli
