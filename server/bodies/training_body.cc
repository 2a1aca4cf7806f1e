#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/pipeline/training_run.h"
#include "server/bodies/job_codec.h"
#include "server/convert/config_convert.h"
#include "server/convert/job_convert.h"
#include "server/convert/names.h"

namespace timbre::bodies {
namespace {

// Makes committed events of what the trainer tells. An event that cannot be committed does not end the
// training: it is logged, and the job ends anyway if its last state cannot be written either.
class EventObserver final : public train::Observer {
 public:
  EventObserver(jobs::JobContext& context, int64_t steps_total, train::Observer* metrics)
      : context_(context), steps_total_(steps_total), metrics_(metrics), step_(context.job().step) {}

  void OnStep(const train::StepReport& report) override {
    step_ = report.step;
    Emit(convert::TrainingPayload(report));
    if (metrics_ != nullptr) metrics_->OnStep(report);
  }
  void OnHealth(const train::HealthEvent& event) override {
    base::LogWarning("{}: {}", context_.job().id, event.message);
    Emit(convert::HealthPayload(event));
    if (metrics_ != nullptr) metrics_->OnHealth(event);
  }
  void OnSnapshot(int64_t step, double seconds) override {
    Emit(convert::SnapshotPayload(step, seconds));
    if (metrics_ != nullptr) metrics_->OnSnapshot(step, seconds);
  }
  void OnResumed(int64_t step) override {
    step_ = step;
    Emit(convert::ResumedPayload(step, absl::StrCat("goes on from the snapshot of step ", step)));
    if (metrics_ != nullptr) metrics_->OnResumed(step);
  }

 private:
  void Emit(const std::string& payload) {
    const absl::Status status = context_.Emit(payload, step_, steps_total_);
    if (!status.ok()) base::LogError("{}: an event is lost: {}", context_.job().id, status.ToString());
  }

  jobs::JobContext& context_;
  const int64_t steps_total_;
  train::Observer* const metrics_;
  int64_t step_;
};

}  // namespace

absl::StatusOr<std::string> RunTrainingBody(const BodyDependencies& deps, jobs::JobContext& context) {
  TIMBRE_ASSIGN_OR_RETURN(const v1::Job job, convert::SpecFromBytes(context.job().spec));
  const v1::SslTrainingSpec& spec = job.ssl_training();
  convert::FieldErrors errors;
  pipeline::TrainingRunRequest request;
  request.config = convert::TrainingConfigFromProto(spec.training_config(), "training_config", errors);
  request.runtime = convert::RuntimeConfigFromProto(spec.runtime_config(), "runtime_config", errors);
  TIMBRE_RETURN_IF_ERROR(errors.ToStatus());
  TIMBRE_ASSIGN_OR_RETURN(request.model, convert::ParseModelName(spec.model()));
  TIMBRE_ASSIGN_OR_RETURN(const std::string dataset, convert::ParseDatasetName(spec.dataset()));
  TIMBRE_ASSIGN_OR_RETURN(auto clips, deps.datasets.Open(dataset));
  request.job = convert::JobName(context.job().id);
  request.dataset = spec.dataset();
  request.training_config_text = convert::TrainingConfigText(request.config);
  request.runtime.device = DeviceOf(deps, request.runtime.device);
  request.runtime.torch_threads = deps.compute_threads;
  request.work_dir = deps.jobs_dir / context.job().id;

  EventObserver observer(context, request.config.steps, deps.metrics);
  TIMBRE_ASSIGN_OR_RETURN(
      const pipeline::TrainingRunResult result,
      pipeline::RunTraining(request, std::move(clips), deps.models, observer, context.cancel()));
  v1::Job out;
  auto* proto = out.mutable_ssl_training_result();
  proto->set_model_version(convert::VersionNameOf(result.version.model, result.version.version));
  proto->set_embedding_space_id(result.version.space_id);
  proto->set_step_count(result.steps);
  proto->set_first_loss(result.first_loss);
  proto->set_final_loss(result.final_loss);
  proto->set_weights_digest(result.version.card.weights_digest);
  return out.SerializeAsString();
}

}  // namespace timbre::bodies
