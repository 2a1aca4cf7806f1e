#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "core/audio/decoder.h"
#include "core/jobs/scheduler.h"
#include "core/registry/dataset_store.h"
#include "core/registry/model_store.h"
#include "core/train/observer.h"

namespace timbre::bodies {

// What the bodies of jobs work with. Lifetime: the references outlive the scheduler.
struct BodyDependencies {
  registry::DatasetStore& datasets;
  registry::ModelStore& models;
  std::filesystem::path data_root;
  std::filesystem::path jobs_dir;  // snapshots lie in {jobs_dir}/{job}
  audio::DecodeLimits limits;
  std::string default_device;          // for jobs that say auto
  int compute_threads = 1;             // of a training step, and of an ingest
  train::Observer* metrics = nullptr;  // told of trainings beside the job's own events; may be null
};

// Knows what the specs of core/jobs mean: makes each job's body, and the events of its states. Threads: safe.
class JobCodec final : public jobs::JobCodec {
 public:
  explicit JobCodec(BodyDependencies dependencies) : deps_(std::move(dependencies)) {}

  absl::StatusOr<jobs::JobBody> MakeBody(const jobs::Job& job) override;
  std::string StatePayload(jobs::JobState state, const absl::Status& error,
                           const std::string& message) override;
  bool CanResume(const jobs::Job& job) override;

 private:
  const BodyDependencies deps_;
};

// The bodies, one file each: they decode the spec, call the recipe of core, and encode the result.
absl::StatusOr<std::string> RunTrainingBody(const BodyDependencies& deps, jobs::JobContext& context);
absl::StatusOr<std::string> RunProbeBody(const BodyDependencies& deps, jobs::JobContext& context);
absl::StatusOr<std::string> RunIngestBody(const BodyDependencies& deps, jobs::JobContext& context);

// The device that a job's "auto" means on this server.
std::string DeviceOf(const BodyDependencies& deps, const std::string& wanted);

}  // namespace timbre::bodies
