#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/jobs/job_store.h"
#include "core/jobs/scheduler.h"
#include "core/registry/dataset_store.h"

namespace timbre::services {

// Makes and deletes data sets: the row, its files and the ingest job together. Threads: safe.
class DatasetCatalog {
 public:
  struct Options {
    std::filesystem::path data_root;  // empty: only uploads
    const base::Clock* clock = nullptr;
    int64_t jobs_at_once = 1000;  // that are read at a time
  };
  DatasetCatalog(registry::DatasetStore& datasets, jobs::JobStore& jobs, jobs::Scheduler& scheduler,
                 Options options)
      : datasets_(datasets), jobs_(jobs), scheduler_(scheduler), options_(std::move(options)) {}

  struct NewDataset {
    std::string id;
    std::string path;  // under the data root; empty for an upload
    std::string track_id_pattern;
    std::string client;  // whose job the ingest is
  };

  // Checks all that can be checked before the files are there.
  // Errors: kInvalidArgument id or pattern · kAlreadyExists (a FAILED data set is replaced).
  absl::Status Check(const NewDataset& dataset) const;

  // Makes the row, INGESTING, and queues its ingest. An upload's files are moved from `staging` to their
  // place. Errors: as Check and dataset::ResolveSource · kInternal, kResourceExhausted the files.
  absl::StatusOr<registry::DatasetInfo> Create(const NewDataset& dataset,
                                               const std::filesystem::path& staging = {});

  // Errors: kNotFound · kFailedPrecondition a job that is not over uses it (which).
  absl::Status Delete(const std::string& id);

  // An INGESTING data set whose job is over, or was never made, can only be FAILED. Called after a restart
  // and after an ingest was cancelled before it ran.
  absl::Status Reconcile();

 private:
  // Looks at all jobs that are not over.
  absl::Status CheckUnused(const std::string& name) const;
  absl::Status PlaceUpload(const std::string& id, const std::filesystem::path& staging) const;

  registry::DatasetStore& datasets_;
  jobs::JobStore& jobs_;
  jobs::Scheduler& scheduler_;
  const Options options_;
  base::Mutex creating_;  // held while a row has no job yet, and by who looks for a row's jobs
};

}  // namespace timbre::services
