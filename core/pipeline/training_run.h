#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/cancel_token.h"
#include "core/dataset/clip_dataset.h"
#include "core/registry/model_store.h"
#include "core/train/observer.h"
#include "core/train/training_config.h"

namespace timbre::pipeline {

struct TrainingRunRequest {
  std::string job;                   // jobs/{id}: goes into the model card; makes publishing idempotent
  std::string model;                 // the model that gets a new version
  std::string dataset;               // datasets/{id}: goes into the model card
  std::string training_config_text;  // as submitted, for the model card
  train::TrainingConfig config;
  train::RuntimeConfig runtime;
  std::filesystem::path work_dir;  // snapshots; kept until the job is deleted
};

struct TrainingRunResult {
  registry::Version version;
  int64_t steps = 0;
  double first_loss = 0;
  double final_loss = 0;
};

// The recipe of a training job: data set -> views -> trainer (goes on from its snapshot if there is one) -> a
// published model version. Errors: as ViewLoader::Start, Trainer, ModelStore::Publish; the token's status.
// Threads: blocks its caller, a job thread.
absl::StatusOr<TrainingRunResult> RunTraining(const TrainingRunRequest& request,
                                              const std::shared_ptr<const dataset::ClipDataset>& dataset,
                                              registry::ModelStore& models, train::Observer& observer,
                                              const base::CancelToken& cancel);

}  // namespace timbre::pipeline
