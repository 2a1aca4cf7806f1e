#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/jobs/job_store.h"
#include "core/jobs/scheduler.h"
#include "core/registry/dataset_store.h"

namespace timbre::services {

// Makes and deletes data sets: the row and the ingest job together. Threads: safe.
class DatasetCatalog {
 public:
  struct Options {
    std::filesystem::path data_root;  // empty: only uploads
    const base::Clock* clock = nullptr;
  };
  DatasetCatalog(registry::DatasetStore& datasets, jobs::JobStore& jobs, jobs::Scheduler& scheduler,
                 Options options)
      : datasets_(datasets), jobs_(jobs), scheduler_(scheduler), options_(std::move(options)) {}

  struct NewDataset {
    std::string id;
    std::string path;  // under the data root; empty for an upload
    std::string track_id_pattern;
  };

  // Checks all that can be checked before the files are there. Errors: kInvalidArgument id, path or pattern ·
  // kNotFound folder · kFailedPrecondition no data root · kAlreadyExists.
  absl::Status Check(const NewDataset& dataset) const;

  // Makes the row, INGESTING, and queues its ingest. For an upload the files are in UploadDir(id) by now.
  // Errors: as Check.
  absl::StatusOr<registry::DatasetInfo> Create(const NewDataset& dataset);

  // Errors: kNotFound · kFailedPrecondition a job that is not over uses it (which).
  absl::Status Delete(const std::string& id);

  // Where the files of an upload lie.
  std::filesystem::path UploadDir(const std::string& id) const { return datasets_.Folder(id) / "upload"; }

  // The folder that a path of CreateDataset means, confined to the data root, symbolic links resolved.
  // Errors: kInvalidArgument it leaves the root · kNotFound · kFailedPrecondition no data root.
  absl::StatusOr<std::filesystem::path> ResolveSource(const std::string& path) const;

  // After a restart: an INGESTING data set whose job is over or was never made can only be FAILED.
  // Called before the scheduler starts.
  static absl::Status Reconcile(registry::DatasetStore& datasets, const jobs::JobStore& jobs);

 private:
  registry::DatasetStore& datasets_;
  jobs::JobStore& jobs_;
  jobs::Scheduler& scheduler_;
  const Options options_;
};

}  // namespace timbre::services
