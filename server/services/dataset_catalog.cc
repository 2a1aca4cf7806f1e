#include "server/services/dataset_catalog.h"

#include <re2/re2.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/atomic_file.h"
#include "core/base/status_macros.h"
#include "core/dataset/source_folder.h"
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

// The data sets that a job names.
std::vector<std::string> DatasetsOf(const v1::Job& spec) {
  if (spec.has_ssl_training()) return {spec.ssl_training().dataset()};
  if (spec.has_linear_probe())
    return {spec.linear_probe().train_dataset(), spec.linear_probe().test_dataset()};
  if (spec.has_ingest()) return {spec.ingest().dataset()};
  return {};
}

}  // namespace

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

absl::Status DatasetCatalog::PlaceUpload(const std::string& id, const fs::path& staging) const {
  const fs::path place = datasets_.Folder(id) / "upload";
  std::error_code error;
  fs::remove_all(place, error);  // of an upload that failed before
  fs::create_directories(place.parent_path(), error);
  fs::rename(staging, place, error);
  if (error) return base::ErrnoStatus(error.value(), "move the upload to", place);
  return base::SyncPath(place.parent_path());
}

absl::StatusOr<registry::DatasetInfo> DatasetCatalog::Create(const NewDataset& dataset,
                                                             const fs::path& staging) {
  v1::Job spec;
  spec.mutable_ingest()->set_dataset(convert::DatasetName(dataset.id));
  spec.mutable_ingest()->set_path(dataset.path);
  spec.mutable_ingest()->set_track_id_pattern(dataset.track_id_pattern);
  jobs::Job job;
  job.id = jobs::NewJobId();
  job.kind = convert::KindOf(spec);
  job.display_name = absl::StrCat("ingest ", dataset.id);
  job.client = dataset.client;
  job.spec = convert::SpecBytes(spec);

  registry::DatasetInfo info;
  info.id = dataset.id;
  info.source = staging.empty() ? dataset.path : "upload";
  info.job = convert::JobName(job.id);
  info.create_time = options_.clock->Now();
  // The row first: a crash from here on leaves a row that Reconcile finds without a job.
  base::MutexLock lock(creating_);
  TIMBRE_RETURN_IF_ERROR(Check(dataset));
  if (staging.empty())
    TIMBRE_RETURN_IF_ERROR(dataset::ResolveSource(options_.data_root, dataset.path).status());
  TIMBRE_RETURN_IF_ERROR(datasets_.Insert(info));
  absl::Status status = staging.empty() ? absl::OkStatus() : PlaceUpload(dataset.id, staging);
  if (status.ok()) status = scheduler_.Submit(std::move(job)).status();
  if (status.ok()) return info;
  datasets_.Delete(dataset.id).IgnoreError();
  return status;
}

absl::Status DatasetCatalog::CheckUnused(const std::string& name) const {
  jobs::JobStore::ListOptions active;
  active.states = {jobs::JobState::kQueued, jobs::JobState::kRunning, jobs::JobState::kPausing,
                   jobs::JobState::kPaused, jobs::JobState::kCancelling};
  active.page_size = options_.jobs_at_once;
  jobs::JobStore::Page page;
  do {
    TIMBRE_ASSIGN_OR_RETURN(page, jobs_.List(active));
    for (const jobs::Job& job : page.jobs) {
      TIMBRE_ASSIGN_OR_RETURN(const v1::Job spec, convert::SpecFromBytes(job.spec));
      const std::vector<std::string> used = DatasetsOf(spec);
      if (std::ranges::find(used, name) == used.end()) continue;
      return absl::FailedPreconditionError(absl::StrCat(name, " is used by ", convert::JobName(job.id),
                                                        ", which is ", jobs::JobStateName(job.state),
                                                        "; wait for its end or cancel it"));
    }
    if (page.more) active.before_id = page.jobs.back().id;
  } while (page.more);
  return absl::OkStatus();
}

absl::Status DatasetCatalog::Delete(const std::string& id) {
  {
    base::MutexLock lock(creating_);  // the ingest of a row that is seen here is among the jobs
    TIMBRE_RETURN_IF_ERROR(datasets_.Get(id).status());
    TIMBRE_RETURN_IF_ERROR(CheckUnused(convert::DatasetName(id)));
  }
  return datasets_.Delete(id);
}

absl::Status DatasetCatalog::Reconcile() {
  base::MutexLock lock(creating_);
  TIMBRE_ASSIGN_OR_RETURN(const std::vector<registry::DatasetInfo> all, datasets_.List());
  for (const registry::DatasetInfo& listed : all) {
    if (listed.state != registry::DatasetState::kIngesting) continue;
    const absl::StatusOr<std::string> id = convert::ParseJobName(listed.job);
    const absl::StatusOr<jobs::Job> job = id.ok() ? jobs_.Get(*id) : absl::StatusOr<jobs::Job>(id.status());
    if (job.ok() && !jobs::IsTerminal(job->state)) continue;
    // Read after the job: an ingest marks its data set READY before its job is over.
    TIMBRE_ASSIGN_OR_RETURN(registry::DatasetInfo info, datasets_.Get(listed.id));
    if (info.state != registry::DatasetState::kIngesting || info.job != listed.job) continue;
    info.state = registry::DatasetState::kFailed;
    info.error =
        job.ok() && job->state == jobs::JobState::kCancelled
            ? absl::CancelledError("its ingest was cancelled")
            : absl::AbortedError("the server ended before the ingest did; create the data set again");
    TIMBRE_RETURN_IF_ERROR(datasets_.Update(info));
  }
  return absl::OkStatus();
}

}  // namespace timbre::services
