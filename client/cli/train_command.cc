#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/job_text.h"
#include "client/cli/json.h"
#include "client/cli/name_checks.h"
#include "client/cli/preset_batch.h"
#include "client/cli/presets.h"
#include "client/cli/training_options.h"
#include "client/cli/watch.h"
#include "client/datasets.h"
#include "client/jobs.h"
#include "client/names.h"

namespace timbre::cli {
namespace {

struct Options {
  std::string dataset;
  std::string model;
  std::string display_name;
  TrainingOptions training;
  bool watch = false;
  bool dry_run = false;
};

absl::StatusOr<v1::SubmitJobRequest> MakeRequest(const Options& options) {
  auto config = MakeTrainingConfig(options.training);
  if (!config.ok()) return config.status();
  v1::SubmitJobRequest request;
  request.set_validate_only(options.dry_run);
  request.mutable_job()->set_display_name(options.display_name);
  v1::SslTrainingSpec& spec = *request.mutable_job()->mutable_ssl_training();
  spec.set_dataset(options.dataset);
  spec.set_model(options.model);
  *spec.mutable_training_config() = *std::move(config);
  *spec.mutable_runtime_config() = MakeRuntimeConfig(options.training);
  return request;
}

std::string SpecText(const v1::Job& job) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(job.ssl_training(), &text);
  return absl::StrCat("the server would take this training:\n", text);
}

// What the data set has is asked only where a preset's batch could be too large. An error is left to the
// server's answer to the job.
void FitPreset(const Session& session, const Options& options, const client::Connection& connection,
               v1::SslTrainingSpec& spec) {
  if (options.training.preset.empty() || options.training.batch_tracks) return;
  const auto dataset = client::GetDataset(connection, options.dataset);
  if (!dataset.ok()) return;
  const std::string told = FitBatch(*dataset, *spec.mutable_training_config());
  if (!told.empty()) session.console.err << "note: " << told << "\n";
}

// A batch that nobody chose, which depends on the data set.
void TellBatch(const Session& session, const TrainingOptions& chosen, const v1::TrainingConfig& resolved) {
  if (chosen.batch_tracks || !chosen.preset.empty() || !chosen.config_path.empty()) return;
  if (resolved.batch_tracks() == 0) return;  // an older server
  const bool clips = resolved.batch_unit() == v1::BATCH_UNIT_CLIP;
  session.console.err << "note: a batch takes " << resolved.batch_tracks() << (clips ? " clips" : " tracks")
                      << "; --batch chooses another size\n";
}

absl::StatusOr<ExitCode> Train(const Session& session, const Options& options) {
  auto request = MakeRequest(options);
  if (!request.ok()) return request.status();
  const client::Connection connection = session.Connect();
  FitPreset(session, options, connection, *request->mutable_job()->mutable_ssl_training());
  auto job = client::SubmitJob(connection, *std::move(request));
  if (!job.ok()) return job.status();
  TellBatch(session, options.training, job->ssl_training().training_config());
  const bool watch = options.watch && !options.dry_run;
  if (watch) {
    if (!session.json) session.console.out << job->name() << " is queued\n";
    job = WatchToEnd(session, connection, job->name());
    if (!job.ok()) return job.status();
  }
  if (session.json) {
    session.console.out << ToJson(*job);
  } else if (options.dry_run) {
    session.console.out << SpecText(*job);
  } else if (watch) {
    session.console.out << OutcomeText(session.console, *job);
  } else {
    session.console.out << job->name() << " is queued; watch it: timbre watch "
                        << client::ShortName(job->name()) << "\n";
  }
  return watch ? ExitCodeOf(job->state()) : ExitCode::kOk;
}

void AddLearningOptions(CLI::App& command, TrainingOptions& options) {
  CLI::Option* preset = command
                            .add_option("--preset", options.preset,
                                        absl::StrCat("a published recipe at its full length: ",
                                                     absl::StrJoin(PresetNames(), ", ")))
                            ->check(CLI::IsMember(PresetNames()));
  command.add_option("--config", options.config_path, "a TrainingConfig as textproto")->excludes(preset);
  command.add_option("--steps", options.steps, "steps to train; else 1000, or a preset's");
  command.add_option("--batch", options.batch_tracks,
                     "tracks in a batch; else 96, or a preset's, lowered to what the data set has");
  command.add_option("--lr", options.learning_rate, "learning rate");
  command
      .add_option("--objective", options.objective,
                  absl::StrCat("what is minimised: ", absl::StrJoin(ObjectiveNames(), ", ")))
      ->check(CLI::IsMember(ObjectiveNames()));
  command.add_option("--temperature", options.temperature, "temperature of a contrastive objective");
  command.add_option("--seed", options.seed, "seed of weights, data order, crops and augmentations");
}

void AddRuntimeOptions(CLI::App& command, TrainingOptions& options) {
  command.add_option("--device", options.device, "auto, cpu or cuda:N");
  command.add_option("--precision", options.precision, "auto, fp32 or bf16")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}));
  command
      .add_option("--train-engine", options.train_engine,
                  "what computes the encoder: timbre (on a CPU), torch, or auto: timbre where it can")
      ->check(CLI::IsMember({"auto", "torch", "timbre"}));
  command.add_option("--workers", options.loader_workers, "threads that prepare batches");
  command.add_option("--snapshot-every", options.snapshot_interval_steps, "steps between snapshots");
  command.add_option("--report-every", options.report_interval_steps, "steps between progress events");
  command
      .add_option(
          "--stop-on-health", options.stop_on_health,
          absl::StrCat("problems that end the job as failed: ", absl::StrJoin(HealthProblemNames(), ", ")))
      ->delimiter(',')
      ->check(CLI::IsMember(HealthProblemNames()));
  command.add_option("--health-grace", options.health_grace_steps, "steps before --stop-on-health counts");
}

}  // namespace

void AddTrainCommand(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("train", "Train an encoder by self-supervision");
  command->add_option("--dataset", options->dataset, "what to learn from; its tags are not used")
      ->required()
      ->transform(LongName(client::DatasetName));
  command->add_option("--model", options->model, "gets the new version; made if new")
      ->required()
      ->transform(LongName(client::ModelName));
  command->add_option("--name", options->display_name, "free text for people");
  AddLearningOptions(*command, options->training);
  AddRuntimeOptions(*command, options->training);
  command->add_flag("--watch", options->watch, "watch until it is over");
  command->add_flag("--dry-run", options->dry_run, "check everything, make nothing");
  command->footer(Example("timbre train --dataset songs --model m --preset tutorial --steps 2000 --watch"));
  command->callback(
      [&session, options] { session.command = [&session, options] { return Train(session, *options); }; });
}

}  // namespace timbre::cli
