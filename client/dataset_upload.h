#pragma once

#include <timbre/v1/dataset_service.pb.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

// What to upload.
struct UploadOptions {
  // The last part of the new name.
  std::string dataset_id = {};
  // As in CreateDatasetRequest.
  std::string track_id_pattern = {};
  // A folder on this machine; what ScanFolder finds in it is sent.
  std::filesystem::path folder = {};
  int chunk_bytes = 1 << 20;
  // Called on the caller's thread after each chunk; may be empty.
  std::function<void(int64_t sent_bytes, int64_t total_bytes)> on_progress = {};
};

// Sends a folder's files in the order of their names, one chunk in memory at a time. The response names the
// job that ingests them. No deadline.
// Errors: of ScanFolder and of reading (the call is then cancelled and no data set is made) · as
// UploadDataset lists them. It is not tried again by itself: a second upload after an unclear end may meet
// kAlreadyExists.
absl::StatusOr<v1::UploadDatasetResponse> UploadDataset(const Connection& connection,
                                                        const UploadOptions& options);

}  // namespace timbre::client
