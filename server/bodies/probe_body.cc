#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/pipeline/probe_run.h"
#include "server/bodies/job_codec.h"
#include "server/convert/config_convert.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"
#include "server/convert/probe_config_convert.h"
#include "server/convert/probe_result_convert.h"

namespace timbre::bodies {

absl::StatusOr<std::string> RunProbeBody(const BodyDependencies& deps, jobs::JobContext& context) {
  TIMBRE_ASSIGN_OR_RETURN(const v1::Job job, convert::SpecFromBytes(context.job().spec));
  const v1::LinearProbeSpec& spec = job.linear_probe();
  convert::FieldErrors errors;
  pipeline::ProbeRunRequest request;
  request.config = convert::ProbeConfigFromProto(spec.probe_config(), "probe_config", errors);
  const train::RuntimeConfig runtime =
      convert::RuntimeConfigFromProto(spec.runtime_config(), "runtime_config", errors);
  request.encoder.device = DeviceOf(deps, runtime.device);
  request.encoder.engine = runtime.train_engine;
  request.encoder.threads = deps.compute_threads;
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());
  TIMBRE_ASSIGN_OR_RETURN(const convert::VersionName version,
                          convert::ParseVersionName(spec.model_version()));
  request.job = convert::JobName(context.job().id);
  request.model = version.model;
  request.version = version.version;
  TIMBRE_ASSIGN_OR_RETURN(const std::string train_id, convert::ParseDatasetName(spec.train_dataset()));
  TIMBRE_ASSIGN_OR_RETURN(const std::string test_id, convert::ParseDatasetName(spec.test_dataset()));
  TIMBRE_ASSIGN_OR_RETURN(const auto train, deps.datasets.Open(train_id));
  TIMBRE_ASSIGN_OR_RETURN(const auto test, deps.datasets.Open(test_id));

  const auto on_progress = [&context](const pipeline::ProbeProgress& progress) {
    const absl::Status status = context.Emit(
        convert::PhasePayload(progress.phase, progress.done, progress.total), progress.done, progress.total);
    if (!status.ok()) base::LogError("{}: an event is lost: {}", context.job().id, status.ToString());
  };
  const auto evaluation_bytes = [](const pipeline::ProbeFindings& findings) {
    v1::LinearProbeResult proto = convert::FindingsToProto(findings);
    proto.clear_map();  // ListModels returns the evaluations of all taggers
    return proto.SerializeAsString();
  };
  TIMBRE_ASSIGN_OR_RETURN(const pipeline::ProbeRunResult result,
                          pipeline::RunProbe(request, *train, *test, deps.models, context.cancel(),
                                             on_progress, evaluation_bytes));
  v1::Job out;
  *out.mutable_linear_probe_result() = convert::FindingsToProto(result.findings);
  if (!result.tagger.id.empty()) {
    out.mutable_linear_probe_result()->set_tagger(
        convert::TaggerName(version.model, version.version, result.tagger.id));
  }
  return out.SerializeAsString();
}

}  // namespace timbre::bodies
