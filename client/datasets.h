#pragma once

// Calls of DatasetService but for the upload (dataset_upload.h). `name` is long: "datasets/d" (see names.h).
// Errors: as dataset_service.proto lists them; kUnavailable, kDeadlineExceeded when the server does not
// answer.
// Threads: safe.

#include <timbre/v1/dataset_service.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace timbre::client {

// Makes a data set of a folder on the server; the response names the job that ingests it.
absl::StatusOr<v1::CreateDatasetResponse> CreateDataset(const Connection& connection,
                                                        const v1::CreateDatasetRequest& request);

absl::StatusOr<v1::Dataset> GetDataset(const Connection& connection, const std::string& name);

// All data sets, over as many pages as it takes.
absl::StatusOr<std::vector<v1::Dataset>> ListDatasets(const Connection& connection);

// One augmented window of a clip, as a training would hear it.
absl::StatusOr<v1::PreviewAugmentationResponse> PreviewAugmentation(
    const Connection& connection, const v1::PreviewAugmentationRequest& request);

absl::Status DeleteDataset(const Connection& connection, const std::string& name);

}  // namespace timbre::client
