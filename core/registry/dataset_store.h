#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/dataset/clip_dataset.h"
#include "core/store/database.h"

namespace timbre::registry {

enum class DatasetState { kIngesting, kReady, kFailed };

struct DatasetInfo {
  std::string id;  // resource name datasets/{id}; form as model ids
  DatasetState state = DatasetState::kIngesting;
  std::string source;  // the path under the data root, or "upload"
  std::string job;     // jobs/{id} of its ingest
  absl::Status error;  // of FAILED ones
  // Of READY ones:
  int64_t clips = 0, tracks = 0;
  double audio_seconds = 0;
  std::vector<std::string> tags;
  std::string digest;
  dataset::IngestReport report;
  absl::Time create_time;
};

const char* DatasetStateName(DatasetState state);  // "INGESTING", ...

// The data sets that the server knows; their caches lie under `root`/{id}/cache, and the decoded audio that
// they share under `root`/.blobs (which is no data set's id). A deletion that a crash cut short is finished
// by Create (in_flight.h says how); folders without a row that somebody else put there are left alone.
// Threads: safe. Errors, beside the named ones: as store::Database.
class DatasetStore {
 public:
  static absl::StatusOr<std::unique_ptr<DatasetStore>> Create(std::shared_ptr<store::Database> database,
                                                              const std::filesystem::path& root);

  // Errors: kAlreadyExists (unless that one FAILED, which is replaced; its folder is not touched) ·
  // kInvalidArgument the id's form.
  absl::Status Insert(const DatasetInfo& info);
  // All but id and create_time; an empty `job` leaves the one that is there. Errors: kNotFound.
  absl::Status Update(const DatasetInfo& info);
  absl::StatusOr<DatasetInfo> Get(const std::string& id) const;  // kNotFound lists what there is
  absl::StatusOr<std::vector<DatasetInfo>> List() const;         // by id
  absl::Status Delete(const std::string& id);                    // row first, then the folder; kNotFound
  // Removes decoded audio that no data set has, unless an ingest is under way: it does so at its end.
  void RemoveUnusedBlobs() const;

  std::filesystem::path Folder(const std::string& id) const { return root_ / id; }
  std::filesystem::path BlobDir() const { return root_ / ".blobs"; }  // one file system with the caches
  std::filesystem::path CacheDir(const std::string& id) const { return root_ / id / "cache"; }

  // Opens the cache. Errors: kNotFound · kFailedPrecondition not READY (says its state) · kDataLoss the cache
  // is gone or damaged.
  absl::StatusOr<std::shared_ptr<const dataset::ClipDataset>> Open(const std::string& id) const;

 private:
  DatasetStore(std::shared_ptr<store::Database> database, std::filesystem::path root)
      : database_(std::move(database)), root_(std::move(root)) {}
  void SettleFolders() const;

  std::shared_ptr<store::Database> database_;
  std::filesystem::path root_;
};

}  // namespace timbre::registry
