#include "server/services/dataset_catalog.h"

#include <re2/re2.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/convert/field_errors.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"

namespace timbre::services {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPattern = 500;

absl::Status CheckPattern(const std::string& pattern) {
  if (pattern.size() > kMaxPattern) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", pattern.size(), " bytes; at most ", kMaxPattern, " are allowed"));
  }
  if (pattern.empty()) return absl::OkStatus();
  const RE2 compiled(pattern, RE2::Quiet);
  if (!compiled.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("is no regular expression (RE2): ", compiled.error()));
  }
  if (compiled.NumberOfCapturingGroups() < 1) {
    return absl::InvalidArgumentError("has no group; the first group is the track's id, as in '^([^/]+)/'");
  }
  return absl::OkStatus();
}

bool IsUnder(const fs::path& path, const fs::path& root) {
  const auto mismatch = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return mismatch.first == root.end();
}

// The data sets that a job names.
std::vector<std::string> DatasetsOf(const v1::Job& spec) {
  if (spec.has_ssl_training()) return {spec.ssl_training().dataset()};
  if (spec.has_linear_probe())
    return {spec.linear_probe().train_dataset(), spec.linear_probe().test_dataset()};
  if (spec.has_ingest()) return {spec.ingest().dataset()};
  return {};
}

}  // namespace

absl::StatusOr<fs::path> DatasetCatalog::ResolveSource(const std::string& path) const {
  if (options_.data_root.empty()) {
    return absl::FailedPreconditionError(
        "this server has no data root; set data_root in its configuration, or upload the files");
  }
  std::error_code error;
  const fs::path root = fs::canonical(options_.data_root, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("the data root ", options_.data_root.string(), " cannot be read: ", error.message()));
  }
  const fs::path relative(path);
  const fs::path lexical = (root / relative).lexically_normal();
  if (relative.is_absolute() || !IsUnder(lexical, root)) {
    return absl::InvalidArgumentError(
        absl::StrCat("path '", path, "' leaves the data root; give a folder relative to it"));
  }
  const fs::path resolved = fs::canonical(lexical, error);
  if (error || !fs::is_directory(resolved, error)) {
    return absl::NotFoundError(absl::StrCat("there is no folder '", path, "' under the data root"));
  }
  if (!IsUnder(resolved, root)) {
    return absl::InvalidArgumentError(
        absl::StrCat("path '", path, "' leaves the data root through a symbolic link"));
  }
  return resolved;
}

absl::Status DatasetCatalog::Check(const NewDataset& dataset) const {
  convert::FieldErrors errors;
  errors.AddIfError("dataset_id", convert::CheckId("data set", dataset.id));
  errors.AddIfError("track_id_pattern", CheckPattern(dataset.track_id_pattern));
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());
  const absl::StatusOr<registry::DatasetInfo> existing = datasets_.Get(dataset.id);
  if (existing.ok() && existing->state != registry::DatasetState::kFailed) {
    return absl::AlreadyExistsError(
        absl::StrCat(convert::DatasetName(dataset.id), " exists; choose another id or delete it first"));
  }
  return absl::OkStatus();
}

absl::StatusOr<registry::DatasetInfo> DatasetCatalog::Create(const NewDataset& dataset) {
  TIMBRE_RETURN_IF_ERROR(Check(dataset));
  if (!dataset.path.empty()) TIMBRE_RETURN_IF_ERROR(ResolveSource(dataset.path).status());
  registry::DatasetInfo info;
  info.id = dataset.id;
  info.source = dataset.path.empty() ? "upload" : dataset.path;
  info.create_time = options_.clock->Now();
  TIMBRE_RETURN_IF_ERROR(datasets_.Insert(info));

  v1::Job spec;
  spec.mutable_ingest()->set_dataset(convert::DatasetName(dataset.id));
  spec.mutable_ingest()->set_path(dataset.path);
  spec.mutable_ingest()->set_track_id_pattern(dataset.track_id_pattern);
  jobs::Job job;
  job.kind = convert::KindOf(spec);
  job.display_name = absl::StrCat("ingest ", dataset.id);
  job.spec = convert::SpecBytes(spec);
  absl::StatusOr<jobs::Job> submitted = scheduler_.Submit(std::move(job));
  if (!submitted.ok()) {
    datasets_.Delete(dataset.id).IgnoreError();
    return submitted.status();
  }
  info.job = convert::JobName(submitted->id);
  // The ingest may be over by now: only the job's name is added to what is there.
  TIMBRE_RETURN_IF_ERROR(datasets_.SetJob(info.id, info.job));
  return info;
}

absl::Status DatasetCatalog::Delete(const std::string& id) {
  TIMBRE_RETURN_IF_ERROR(datasets_.Get(id).status());
  jobs::JobStore::ListOptions active;
  active.states = {jobs::JobState::kQueued, jobs::JobState::kRunning, jobs::JobState::kPausing,
                   jobs::JobState::kPaused, jobs::JobState::kCancelling};
  active.page_size = 1000;
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<jobs::Job> jobs, jobs_.List(active));
  for (const jobs::Job& job : jobs) {
    TIMBRE_ASSIGN_OR_RETURN(const v1::Job spec, convert::SpecFromBytes(job.spec));
    for (const std::string& name : DatasetsOf(spec)) {
      if (name == convert::DatasetName(id)) {
        return absl::FailedPreconditionError(absl::StrCat(name, " is used by ", convert::JobName(job.id),
                                                          ", which is ", jobs::JobStateName(job.state),
                                                          "; wait for its end or cancel it"));
      }
    }
  }
  return datasets_.Delete(id);
}

absl::Status DatasetCatalog::Reconcile(registry::DatasetStore& datasets, const jobs::JobStore& jobs) {
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<registry::DatasetInfo> all, datasets.List());
  for (registry::DatasetInfo info : all) {
    if (info.state != registry::DatasetState::kIngesting) continue;
    const absl::StatusOr<std::string> id = convert::ParseJobName(info.job);
    const absl::StatusOr<jobs::Job> job = id.ok() ? jobs.Get(*id) : absl::StatusOr<jobs::Job>(id.status());
    if (job.ok() && !jobs::IsTerminal(job->state)) continue;
    info.state = registry::DatasetState::kFailed;
    info.error = absl::AbortedError("the server ended before the ingest did; create the data set again");
    TIMBRE_RETURN_IF_ERROR(datasets.Update(info));
  }
  return absl::OkStatus();
}

}  // namespace timbre::services
