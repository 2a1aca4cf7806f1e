#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/dataset/ingest.h"
#include "core/dataset/source_folder.h"
#include "server/bodies/job_codec.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"

namespace timbre::bodies {
namespace {

absl::StatusOr<dataset::IngestReport> Decode(const BodyDependencies& deps, const v1::IngestSpec& spec,
                                             const std::string& id, jobs::JobContext& context) {
  dataset::IngestOptions options;
  options.source_dir = deps.datasets.Folder(id) / "upload";
  if (!spec.path().empty()) {
    TIMBRE_ASSIGN_OR_RETURN(options.source_dir, dataset::ResolveSource(deps.data_root, spec.path()));
  }
  options.cache_dir = deps.datasets.CacheDir(id);
  options.track_id_pattern = spec.track_id_pattern();
  options.blob_dir = deps.datasets.BlobDir();
  options.limits = deps.limits;
  options.threads = deps.compute_threads;
  return dataset::Ingest(options, context.cancel(), [&context](const dataset::IngestProgress& progress) {
    const absl::Status status =
        context.Emit(convert::IngestPayload(progress), progress.files_done, progress.files_total);
    if (!status.ok()) base::LogError("{}: an event is lost: {}", context.job().id, status.ToString());
  });
}

// The cache has all that is needed; after a failure nothing is.
void RemoveUpload(const BodyDependencies& deps, const std::string& id) {
  std::error_code ignored;
  std::filesystem::remove_all(deps.datasets.Folder(id) / "upload", ignored);
}

absl::Status MarkReady(const BodyDependencies& deps, const std::string& id, const std::string& job,
                       const dataset::IngestReport& report) {
  TIMBRE_ASSIGN_OR_RETURN(const auto clips, dataset::ClipDataset::Open(deps.datasets.CacheDir(id)));
  TIMBRE_ASSIGN_OR_RETURN(registry::DatasetInfo info, deps.datasets.Get(id));
  std::set<std::string> tracks;
  for (const dataset::Clip& clip : clips->clips()) tracks.insert(clip.track_id);
  info.state = registry::DatasetState::kReady;
  info.error = absl::OkStatus();
  info.job = job;
  info.clips = static_cast<int64_t>(clips->clips().size());
  info.tracks = static_cast<int64_t>(tracks.size());
  info.audio_seconds = report.audio_seconds;
  info.tags = clips->tags();
  info.digest = clips->digest();
  info.report = report;
  TIMBRE_RETURN_IF_ERROR(deps.datasets.Update(info));
  RemoveUpload(deps, id);
  return absl::OkStatus();
}

void MarkFailed(const BodyDependencies& deps, const std::string& id, const std::string& job,
                const absl::Status& error) {
  absl::StatusOr<registry::DatasetInfo> info = deps.datasets.Get(id);
  absl::Status status = info.status();
  if (info.ok()) {
    info->state = registry::DatasetState::kFailed;
    info->job = job;
    info->error = error;
    status = deps.datasets.Update(*info);
  }
  if (!status.ok()) base::LogError("data set {}: cannot be marked FAILED: {}", id, status.ToString());
  RemoveUpload(deps, id);
}

}  // namespace

absl::StatusOr<std::string> RunIngestBody(const BodyDependencies& deps, jobs::JobContext& context) {
  TIMBRE_ASSIGN_OR_RETURN(const v1::Job job, convert::SpecFromBytes(context.job().spec));
  TIMBRE_ASSIGN_OR_RETURN(const std::string id, convert::ParseDatasetName(job.ingest().dataset()));
  const std::string job_name = convert::JobName(context.job().id);
  TIMBRE_ASSIGN_OR_RETURN(registry::DatasetInfo info, deps.datasets.Get(id));
  if (info.job != job_name) {
    return absl::FailedPreconditionError(
        absl::StrCat(job.ingest().dataset(), " was made again meanwhile, by ", info.job));
  }
  // READY already: the server died between the last two writes of the run before.
  if (info.state != registry::DatasetState::kReady) {
    const absl::StatusOr<dataset::IngestReport> report = Decode(deps, job.ingest(), id, context);
    absl::Status status = report.status();
    if (status.ok()) status = MarkReady(deps, id, job_name, *report);
    if (!status.ok()) {
      // A server that ends leaves the data set INGESTING: its job goes on at the next start.
      if (!absl::IsUnavailable(status)) MarkFailed(deps, id, job_name, status);
      return status;
    }
    TIMBRE_ASSIGN_OR_RETURN(info, deps.datasets.Get(id));
  }
  v1::Job out;
  out.mutable_ingest_result()->set_dataset(job.ingest().dataset());
  out.mutable_ingest_result()->set_clip_count(info.clips);
  out.mutable_ingest_result()->set_skipped_count(static_cast<int64_t>(info.report.skipped.size()));
  out.mutable_ingest_result()->set_decoded_count(info.report.files_decoded);
  out.mutable_ingest_result()->set_cached_count(info.report.files_cached);
  return out.SerializeAsString();
}

}  // namespace timbre::bodies
