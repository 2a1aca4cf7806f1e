#include "server/convert/job_convert.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/convert/field_errors.h"
#include "server/convert/names.h"

namespace timbre::convert {
namespace {

void SetTimes(const jobs::Job& job, v1::Job& proto) {
  *proto.mutable_create_time() = ToProtoTimestamp(job.create_time);
  if (job.start_time != absl::InfinitePast()) *proto.mutable_start_time() = ToProtoTimestamp(job.start_time);
  if (job.end_time != absl::InfinitePast()) *proto.mutable_end_time() = ToProtoTimestamp(job.end_time);
}

}  // namespace

v1::JobState ToProtoState(jobs::JobState state) {
  switch (state) {
    case jobs::JobState::kQueued:
      return v1::JOB_STATE_QUEUED;
    case jobs::JobState::kRunning:
      return v1::JOB_STATE_RUNNING;
    case jobs::JobState::kPausing:
      return v1::JOB_STATE_PAUSING;
    case jobs::JobState::kPaused:
      return v1::JOB_STATE_PAUSED;
    case jobs::JobState::kCancelling:
      return v1::JOB_STATE_CANCELLING;
    case jobs::JobState::kSucceeded:
      return v1::JOB_STATE_SUCCEEDED;
    case jobs::JobState::kFailed:
      return v1::JOB_STATE_FAILED;
    case jobs::JobState::kCancelled:
      return v1::JOB_STATE_CANCELLED;
  }
  return v1::JOB_STATE_UNSPECIFIED;
}

absl::StatusOr<jobs::JobState> FromProtoState(v1::JobState state) {
  for (int i = 0; i <= static_cast<int>(jobs::JobState::kCancelled); ++i) {
    const auto candidate = static_cast<jobs::JobState>(i);
    if (ToProtoState(candidate) == state) return candidate;
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown job state ", static_cast<int>(state)));
}

google::rpc::Status ToProtoStatus(const absl::Status& status) {
  google::rpc::Status proto;
  proto.set_code(status.raw_code());
  proto.set_message(std::string(status.message()));
  return proto;
}

absl::StatusOr<v1::Job> JobToProto(const jobs::Job& job) {
  v1::Job proto;
  if (!proto.ParseFromString(job.spec) || !proto.MergeFromString(job.result)) {
    return absl::DataLossError(absl::StrCat("job ", job.id, " cannot be read from the database"));
  }
  proto.set_name(JobName(job.id));
  proto.set_display_name(job.display_name);
  proto.set_client(job.client);
  proto.set_state(ToProtoState(job.state));
  if (!job.error.ok()) *proto.mutable_error() = ToProtoStatus(job.error);
  proto.set_step(job.step);
  proto.set_step_count(job.steps_total);
  proto.set_last_sequence(job.last_sequence);
  proto.set_restart_count(job.restarts);
  SetTimes(job, proto);
  return proto;
}

absl::StatusOr<v1::JobEvent> EventToProto(const jobs::JobEvent& event) {
  v1::JobEvent proto;
  if (!proto.ParseFromString(event.payload)) {
    return absl::DataLossError(absl::StrCat("event ", event.sequence, " of job ", event.job_id,
                                            " cannot be read from the database"));
  }
  proto.set_sequence(event.sequence);
  *proto.mutable_event_time() = ToProtoTimestamp(event.time);
  return proto;
}

std::string KindOf(const v1::Job& job) {
  switch (job.spec_case()) {
    case v1::Job::kSslTraining:
      return "ssl_training";
    case v1::Job::kLinearProbe:
      return "linear_probe";
    case v1::Job::kIngest:
      return "ingest";
    case v1::Job::SPEC_NOT_SET:
      break;
  }
  return "";
}

std::string SpecBytes(const v1::Job& job) {
  v1::Job spec;
  if (job.has_ssl_training()) *spec.mutable_ssl_training() = job.ssl_training();
  if (job.has_linear_probe()) *spec.mutable_linear_probe() = job.linear_probe();
  if (job.has_ingest()) *spec.mutable_ingest() = job.ingest();
  return spec.SerializeAsString();
}

absl::StatusOr<v1::Job> SpecFromBytes(const std::string& bytes) {
  v1::Job spec;
  if (!spec.ParseFromString(bytes))
    return absl::DataLossError("the job's spec cannot be read from the database");
  return spec;
}

std::string StatePayload(jobs::JobState state, const absl::Status& error, const std::string& message) {
  v1::JobEvent event;
  event.mutable_state_changed()->set_state(ToProtoState(state));
  event.mutable_state_changed()->set_message(message);
  if (!error.ok()) *event.mutable_state_changed()->mutable_error() = ToProtoStatus(error);
  return event.SerializeAsString();
}

std::string TrainingPayload(const train::StepReport& report) {
  v1::JobEvent event;
  auto* progress = event.mutable_training_progress();
  progress->set_step(report.step);
  progress->set_step_count(report.steps_total);
  progress->set_loss(report.loss);
  progress->set_learning_rate(report.learning_rate);
  progress->set_gradient_norm(report.gradient_norm);
  progress->set_alignment(report.alignment);
  progress->set_uniformity(report.uniformity);
  progress->set_embedding_std(report.embedding_std);
  progress->set_windows_per_second(report.windows_per_second);
  progress->set_data_wait_ratio(report.data_wait_ratio);
  progress->set_eta_seconds(report.eta_seconds);
  for (const auto& [name, value] : report.diagnostics) {
    v1::Diagnostic& diagnostic = *progress->add_diagnostics();
    diagnostic.set_name(name);
    diagnostic.set_value(value);
  }
  return event.SerializeAsString();
}

std::string HealthPayload(const train::HealthEvent& health) {
  v1::JobEvent event;
  auto* warning = event.mutable_health_warning();
  switch (health.problem) {
    case train::HealthProblem::kLossAtChance:
      warning->set_problem(v1::HEALTH_PROBLEM_LOSS_AT_CHANCE);
      break;
    case train::HealthProblem::kCollapse:
      warning->set_problem(v1::HEALTH_PROBLEM_COLLAPSE);
      break;
    case train::HealthProblem::kNotFinite:
      warning->set_problem(v1::HEALTH_PROBLEM_NOT_FINITE);
      break;
    case train::HealthProblem::kStarving:
      warning->set_problem(v1::HEALTH_PROBLEM_STARVING);
      break;
  }
  warning->set_step(health.step);
  warning->set_message(health.message);
  return event.SerializeAsString();
}

std::string SnapshotPayload(int64_t step, double seconds) {
  v1::JobEvent event;
  event.mutable_snapshot_saved()->set_step(step);
  event.mutable_snapshot_saved()->set_duration_seconds(seconds);
  return event.SerializeAsString();
}

std::string ResumedPayload(int64_t step, const std::string& message) {
  v1::JobEvent event;
  event.mutable_resumed()->set_step(step);
  event.mutable_resumed()->set_message(message);
  return event.SerializeAsString();
}

std::string PhasePayload(const std::string& phase, int64_t done, int64_t total) {
  v1::JobEvent event;
  event.mutable_phase_progress()->set_phase(phase);
  event.mutable_phase_progress()->set_done_count(done);
  event.mutable_phase_progress()->set_total_count(total);
  return event.SerializeAsString();
}

std::string IngestPayload(const dataset::IngestProgress& progress) {
  v1::JobEvent event;
  v1::PhaseProgress& phase = *event.mutable_phase_progress();
  phase.set_phase("decode");
  phase.set_done_count(progress.files_done);
  phase.set_total_count(progress.files_total);
  phase.mutable_ingest()->set_done_bytes(progress.bytes_done);
  phase.mutable_ingest()->set_total_bytes(progress.bytes_total);
  phase.mutable_ingest()->set_audio_seconds(progress.audio_seconds);
  phase.mutable_ingest()->set_cached_count(progress.files_cached);
  phase.mutable_ingest()->set_skipped_count(progress.files_skipped);
  return event.SerializeAsString();
}

}  // namespace timbre::convert
