#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/jobs/job.h"
#include "core/registry/dataset_store.h"
#include "core/registry/model_store.h"
#include "timbre/v1/job_service.pb.h"

namespace timbre::services {

// Turns the job of a SubmitJob request into one that can be queued: every error that can be found before it
// exists is found here, every default is written out, so that the stored spec says all that the run will do.
// Threads: safe.
class SubmissionChecker {
 public:
  SubmissionChecker(const registry::DatasetStore& datasets, const registry::ModelStore& models)
      : datasets_(datasets), models_(models) {}

  // Errors: kInvalidArgument with each bad field · kNotFound data set or version · kFailedPrecondition a data
  // set that is not READY or smaller than the batch, a device that is not there, tags that are missing or
  // differ.
  absl::StatusOr<jobs::Job> Check(const v1::SubmitJobRequest& request) const;

 private:
  absl::Status CheckTraining(v1::SslTrainingSpec& spec, jobs::Job& job) const;
  absl::Status CheckProbe(v1::LinearProbeSpec& spec) const;
  absl::StatusOr<registry::DatasetInfo> ReadyDataset(const std::string& name) const;

  const registry::DatasetStore& datasets_;
  const registry::ModelStore& models_;
};

}  // namespace timbre::services
