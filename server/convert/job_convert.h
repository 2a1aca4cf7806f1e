#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/dataset/ingest.h"
#include "core/jobs/job.h"
#include "core/train/observer.h"
#include "google/rpc/status.pb.h"
#include "timbre/v1/job_service.pb.h"

namespace timbre::convert {

// The bytes that core/jobs keeps for us: Job::spec and Job::result are a serialized v1::Job with just its
// spec or result set, JobEvent::payload a serialized v1::JobEvent without sequence and time.

v1::JobState ToProtoState(jobs::JobState state);
absl::StatusOr<jobs::JobState> FromProtoState(v1::JobState state);  // kInvalidArgument unspecified or unknown

google::rpc::Status ToProtoStatus(const absl::Status& status);

// Errors: kDataLoss bytes that do not parse.
absl::StatusOr<v1::Job> JobToProto(const jobs::Job& job);
absl::StatusOr<v1::JobEvent> EventToProto(const jobs::JobEvent& event);

// The spec's kind as core/jobs knows it: ssl_training, linear_probe or ingest; empty without a spec.
std::string KindOf(const v1::Job& job);

// Just the spec, or the result, of a job as bytes.
std::string SpecBytes(const v1::Job& job);
absl::StatusOr<v1::Job> SpecFromBytes(const std::string& bytes);

// Payloads.
std::string StatePayload(jobs::JobState state, const absl::Status& error, const std::string& message);
std::string TrainingPayload(const train::StepReport& report);
std::string HealthPayload(const train::HealthEvent& event);
std::string SnapshotPayload(int64_t step, double seconds);
std::string ResumedPayload(int64_t step, const std::string& message);
std::string PhasePayload(const std::string& phase, int64_t done, int64_t total);
std::string IngestPayload(const dataset::IngestProgress& progress);


}  // namespace timbre::convert
