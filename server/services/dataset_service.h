#pragma once

#include <filesystem>

#include "core/audio/decoder.h"
#include "core/registry/dataset_store.h"
#include "server/rpc/unary.h"
#include "server/services/dataset_catalog.h"
#include "timbre/v1/dataset_service.grpc.pb.h"

namespace timbre::services {

// Threads: safe.
class DatasetService final : public v1::DatasetService::CallbackService {
 public:
  struct Dependencies {
    registry::DatasetStore& datasets;
    DatasetCatalog& catalog;
    const rpc::UnaryRunner& runner;
    const rpc::UnaryRunner& decode_runner;  // on the decode pool, for what decodes audio
    std::filesystem::path staging_root;
    int64_t max_upload_bytes = 0;
    audio::DecodeLimits limits;
  };
  explicit DatasetService(Dependencies dependencies) : deps_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* CreateDataset(grpc::CallbackServerContext* context,
                                          const v1::CreateDatasetRequest* request,
                                          v1::CreateDatasetResponse* response) override;
  grpc::ServerReadReactor<v1::UploadDatasetRequest>* UploadDataset(
      grpc::CallbackServerContext* context, v1::UploadDatasetResponse* response) override;
  grpc::ServerUnaryReactor* GetDataset(grpc::CallbackServerContext* context,
                                       const v1::GetDatasetRequest* request,
                                       v1::GetDatasetResponse* response) override;
  grpc::ServerUnaryReactor* ListDatasets(grpc::CallbackServerContext* context,
                                         const v1::ListDatasetsRequest* request,
                                         v1::ListDatasetsResponse* response) override;
  grpc::ServerUnaryReactor* DeleteDataset(grpc::CallbackServerContext* context,
                                          const v1::DeleteDatasetRequest* request,
                                          v1::DeleteDatasetResponse* response) override;
  grpc::ServerUnaryReactor* PreviewAugmentation(grpc::CallbackServerContext* context,
                                                const v1::PreviewAugmentationRequest* request,
                                                v1::PreviewAugmentationResponse* response) override;

 private:
  Dependencies deps_;
};

}  // namespace timbre::services
