#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "server/services/dataset_catalog.h"
#include "timbre/v1/dataset_service.pb.h"

namespace timbre::services {

// The files of one upload: received beside the data sets, moved to their place when whole, removed by the
// destructor otherwise. Threads: compatible; it blocks on the disk.
class UploadSession {
 public:
  struct Options {
    std::filesystem::path staging_root;
    int64_t max_bytes = 0;
    std::string client;  // whose job the ingest is
  };
  UploadSession(DatasetCatalog& catalog, const Options& options)
      : catalog_(catalog), staging_root_(options.staging_root), max_bytes_(options.max_bytes) {
    dataset_.client = options.client;
  }
  ~UploadSession();

  // Takes the next message. Errors: kInvalidArgument order, file path or counts · kResourceExhausted size or
  // disk · as DatasetCatalog::Check.
  absl::Status Take(const v1::UploadDatasetRequest& message);

  // The client has closed its side: makes the data set. Errors: kInvalidArgument there was no `end` · as
  // DatasetCatalog::Create.
  absl::StatusOr<registry::DatasetInfo> Finish();

 private:
  absl::Status Start(const v1::UploadStart& start);
  absl::Status BeginFile(const std::string& path);
  absl::Status Append(const std::string& bytes);
  absl::Status EndFile();
  absl::Status End(const v1::UploadEnd& end);
  absl::Status Charge(int64_t bytes);

  DatasetCatalog& catalog_;
  const std::filesystem::path staging_root_;
  const int64_t max_bytes_;
  DatasetCatalog::NewDataset dataset_;
  std::filesystem::path staging_;  // empty before `start`
  std::filesystem::path file_path_;
  std::ofstream file_;
  int64_t charged_bytes_ = 0;  // against max_bytes_
  int64_t content_bytes_ = 0;  // of all chunks
  int64_t files_ = 0;
  bool ended_ = false;
};

}  // namespace timbre::services
