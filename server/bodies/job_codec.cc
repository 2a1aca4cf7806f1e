#include "server/bodies/job_codec.h"

#include "absl/strings/str_cat.h"
#include "server/convert/job_convert.h"

namespace timbre::bodies {

absl::StatusOr<jobs::JobBody> JobCodec::MakeBody(const jobs::Job& job) {
  if (job.kind == "ssl_training") {
    return jobs::JobBody([this](jobs::JobContext& context) { return RunTrainingBody(deps_, context); });
  }
  if (job.kind == "linear_probe") {
    return jobs::JobBody([this](jobs::JobContext& context) { return RunProbeBody(deps_, context); });
  }
  if (job.kind == "ingest") {
    return jobs::JobBody([this](jobs::JobContext& context) { return RunIngestBody(deps_, context); });
  }
  return absl::UnimplementedError(absl::StrCat("this server cannot run jobs of kind '", job.kind, "'"));
}

std::string JobCodec::StatePayload(jobs::JobState state, const absl::Status& error,
                                   const std::string& message) {
  return convert::StatePayload(state, error, message);
}

bool JobCodec::CanResume(const jobs::Job& job) {
  std::error_code ignored;
  return job.kind == "ssl_training" &&
         std::filesystem::exists(deps_.jobs_dir / job.id / "snapshot.pt", ignored);
}

std::string DeviceOf(const BodyDependencies& deps, const std::string& wanted) {
  return wanted == "auto" ? deps.default_device : wanted;
}

}  // namespace timbre::bodies
