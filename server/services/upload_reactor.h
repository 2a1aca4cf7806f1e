#pragma once

#include <grpcpp/support/server_callback.h>

#include <filesystem>
#include <string>

#include "server/rpc/unary.h"
#include "server/services/dataset_catalog.h"
#include "timbre/v1/dataset_service.pb.h"

namespace timbre::services {

// What UploadDataset needs. Lifetime: the references outlive the calls.
struct UploadDependencies {
  DatasetCatalog& catalog;
  const rpc::UnaryRunner& runner;
  std::filesystem::path staging_root;
  int64_t max_bytes = 0;
  std::string client;  // whose job the ingest is
};

// The reactor of one UploadDataset call; it deletes itself.
grpc::ServerReadReactor<v1::UploadDatasetRequest>* NewUploadReactor(const UploadDependencies& deps,
                                                                    grpc::CallbackServerContext* context,
                                                                    v1::UploadDatasetResponse* response);

}  // namespace timbre::services
