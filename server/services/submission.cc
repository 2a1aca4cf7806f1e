#include "server/services/submission.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/audio/windows.h"
#include "core/base/status_macros.h"
#include "core/model/device.h"
#include "server/convert/config_convert.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"
#include "server/convert/probe_config_convert.h"

namespace timbre::services {
namespace {

constexpr size_t kMaxDisplayName = 200;
constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxSpec = size_t{64} << 10;
constexpr int64_t kMaxLoaderBytes = int64_t{16} << 30;

// models/M stands for its newest version.
absl::StatusOr<convert::VersionName> ResolveVersion(const std::string& name,
                                                    const registry::ModelStore& models) {
  const absl::StatusOr<std::string> model = convert::ParseModelName(name);
  if (!model.ok()) {
    TIMBRE_ASSIGN_OR_RETURN(convert::VersionName version, convert::ParseVersionName(name));
    TIMBRE_RETURN_IF_ERROR(models.GetVersion(version.model, version.version).status());
    return version;
  }
  TIMBRE_ASSIGN_OR_RETURN(const registry::Model found, models.GetModel(*model));
  if (found.versions.empty()) return absl::NotFoundError(absl::StrCat(name, " has no version"));
  return convert::VersionName{*model, found.versions.back().version};
}

}  // namespace

absl::StatusOr<jobs::Job> SubmissionChecker::Check(const v1::SubmitJobRequest& request) const {
  convert::FieldErrors errors;
  if (request.job().display_name().size() > kMaxDisplayName) {
    errors.Add("job.display_name", absl::StrCat("has ", request.job().display_name().size(),
                                                " bytes; at most ", kMaxDisplayName, " are allowed"));
  }
  if (request.request_id().size() > kMaxRequestId) {
    errors.Add("request_id", absl::StrCat("has ", request.request_id().size(), " bytes; at most ",
                                          kMaxRequestId, " are allowed"));
  }
  if (request.job().spec_case() == v1::Job::SPEC_NOT_SET) {
    errors.Add("job.spec", "is missing; set ssl_training or linear_probe");
  }
  if (request.job().has_ingest()) {
    errors.Add("job.ingest", "is made by DatasetService.CreateDataset or UploadDataset, not by SubmitJob");
  }
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());

  v1::Job resolved = request.job();
  resolved.DiscardUnknownFields();  // else what nobody reads would be kept with the job
  if (const size_t bytes = resolved.ByteSizeLong(); bytes > kMaxSpec) {
    errors.Add("job", absl::StrCat("has ", bytes, " bytes; at most ", kMaxSpec, " are allowed"));
    return errors.ToStatus();
  }
  jobs::Job job;
  if (resolved.has_ssl_training())
    TIMBRE_RETURN_IF_ERROR(CheckTraining(*resolved.mutable_ssl_training(), job));
  if (resolved.has_linear_probe()) TIMBRE_RETURN_IF_ERROR(CheckProbe(*resolved.mutable_linear_probe()));
  job.kind = convert::KindOf(resolved);
  job.display_name = resolved.display_name();
  job.request_id = request.request_id();
  job.spec = convert::SpecBytes(resolved);
  return job;
}

absl::Status SubmissionChecker::CheckTraining(v1::SslTrainingSpec& spec, jobs::Job& job) const {
  convert::FieldErrors errors;
  const std::string prefix = "job.ssl_training";
  errors.AddIfError(prefix + ".dataset", convert::ParseDatasetName(spec.dataset()).status());
  errors.AddIfError(prefix + ".model", convert::ParseModelName(spec.model()).status());
  train::TrainingConfig config =
      convert::TrainingConfigFromProto(spec.training_config(), prefix + ".training_config", errors);
  const train::RuntimeConfig runtime =
      convert::RuntimeConfigFromProto(spec.runtime_config(), prefix + ".runtime_config", errors);
  // What waits in the loader, and what one step takes.
  const int64_t batches = runtime.loader_workers + 1 + config.optimizer.accumulation_steps;
  const int64_t loader_bytes =
      config.batch_tracks * config.views * audio::kWindowSamples * int64_t{sizeof(float)} * batches;
  if (errors.empty() && loader_bytes > kMaxLoaderBytes) {
    errors.Add(prefix + ".training_config.batch_tracks",
               absl::StrCat("with ", runtime.loader_workers, " loader workers, ", batches, " batches of ",
                            config.batch_tracks, " times ", config.views, " views take ", loader_bytes >> 20,
                            " MiB; at most ", kMaxLoaderBytes >> 20, " MiB are allowed"));
  }
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());
  TIMBRE_RETURN_IF_ERROR(model::ChooseDevice(runtime.device).status());

  TIMBRE_ASSIGN_OR_RETURN(const registry::DatasetInfo dataset, ReadyDataset(spec.dataset()));
  const bool by_track = config.batch_unit == dataset::BatchUnit::kTrack;
  const int64_t items = by_track ? dataset.tracks : dataset.clips;
  if (!spec.training_config().has_batch_tracks() && items >= 2)
    config.batch_tracks = std::min(config.batch_tracks, items);
  const char* unit = by_track ? "track" : "clip";
  if (items < 2) {
    return absl::FailedPreconditionError(absl::StrCat(spec.dataset(), " has ", items, " ", unit,
                                                      ": a batch sets at least two apart; add others to it"));
  }
  if (items < config.batch_tracks) {
    return absl::FailedPreconditionError(absl::StrCat(
        "batch_tracks is ", config.batch_tracks, " but ", spec.dataset(), " has only ", items, " ", unit,
        "s; a batch takes each ", unit, " once, so set batch_tracks to at most ", items));
  }
  *spec.mutable_training_config() = convert::TrainingConfigToProto(config);
  job.steps_total = config.steps;
  return absl::OkStatus();
}

absl::Status SubmissionChecker::CheckProbe(v1::LinearProbeSpec& spec) const {
  convert::FieldErrors errors;
  const std::string prefix = "job.linear_probe";
  errors.AddIfError(prefix + ".train_dataset", convert::ParseDatasetName(spec.train_dataset()).status());
  errors.AddIfError(prefix + ".test_dataset", convert::ParseDatasetName(spec.test_dataset()).status());
  if (!convert::ParseModelName(spec.model_version()).ok()) {
    errors.AddIfError(prefix + ".model_version", convert::ParseVersionName(spec.model_version()).status());
  }
  const probe::ProbeConfig config =
      convert::ProbeConfigFromProto(spec.probe_config(), prefix + ".probe_config", errors);
  const train::RuntimeConfig runtime =
      convert::RuntimeConfigFromProto(spec.runtime_config(), prefix + ".runtime_config", errors);
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());
  TIMBRE_RETURN_IF_ERROR(model::ChooseDevice(runtime.device).status());

  TIMBRE_ASSIGN_OR_RETURN(const convert::VersionName version, ResolveVersion(spec.model_version(), models_));
  spec.set_model_version(convert::VersionNameOf(version.model, version.version));
  *spec.mutable_probe_config() = convert::ProbeConfigToProto(config);
  TIMBRE_ASSIGN_OR_RETURN(const registry::DatasetInfo train, ReadyDataset(spec.train_dataset()));
  TIMBRE_ASSIGN_OR_RETURN(const registry::DatasetInfo test, ReadyDataset(spec.test_dataset()));
  for (const registry::DatasetInfo* dataset : {&train, &test}) {
    if (dataset->tags.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat(convert::DatasetName(dataset->id),
                       " has no tags: a probe needs an annotations.csv in both data sets"));
    }
  }
  if (train.tags != test.tags) {
    return absl::FailedPreconditionError(
        absl::StrCat(spec.train_dataset(), " and ", spec.test_dataset(),
                     " have different tags; their annotations need the same header"));
  }
  return absl::OkStatus();
}

absl::StatusOr<registry::DatasetInfo> SubmissionChecker::ReadyDataset(const std::string& name) const {
  TIMBRE_ASSIGN_OR_RETURN(const std::string id, convert::ParseDatasetName(name));
  TIMBRE_ASSIGN_OR_RETURN(registry::DatasetInfo dataset, datasets_.Get(id));
  switch (dataset.state) {
    case registry::DatasetState::kReady:
      return dataset;
    case registry::DatasetState::kIngesting:
      return absl::FailedPreconditionError(
          absl::StrCat(name, " is still being ingested; wait for ", dataset.job, " to end"));
    case registry::DatasetState::kFailed:
      break;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the ingest of ", name, " failed (", dataset.error.message(), "); create it again"));
}

}  // namespace timbre::services
