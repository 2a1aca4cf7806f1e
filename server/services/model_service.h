#pragma once

#include <filesystem>
#include <string>

#include "core/embed/embedder.h"
#include "core/registry/model_registry.h"
#include "core/registry/model_store.h"
#include "server/rpc/unary.h"
#include "timbre/v1/model_service.grpc.pb.h"

namespace timbre::services {

// Threads: safe.
class ModelService final : public v1::ModelService::CallbackService {
 public:
  struct Dependencies {
    registry::ModelStore& models;
    registry::ModelRegistry& registry;
    embed::Embedder& embedder;
    const rpc::UnaryRunner& runner;
    std::filesystem::path spool_dir;  // what is imported and exported lies there meanwhile
    int64_t max_model_upload_bytes = 0;
    std::string build;  // for the cards of imported versions
  };
  explicit ModelService(Dependencies dependencies) : deps_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context, const v1::GetModelRequest* request,
                                     v1::GetModelResponse* response) override;
  grpc::ServerUnaryReactor* SetLabel(grpc::CallbackServerContext* context, const v1::SetLabelRequest* request,
                                     v1::SetLabelResponse* response) override;
  grpc::ServerUnaryReactor* DeriveVersion(grpc::CallbackServerContext* context,
                                          const v1::DeriveVersionRequest* request,
                                          v1::DeriveVersionResponse* response) override;
  grpc::ServerUnaryReactor* DeleteModel(grpc::CallbackServerContext* context,
                                        const v1::DeleteModelRequest* request,
                                        v1::DeleteModelResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportModelResponse>* ExportModel(
      grpc::CallbackServerContext* context, const v1::ExportModelRequest* request) override;
  grpc::ServerReadReactor<v1::ImportModelRequest>* ImportModel(grpc::CallbackServerContext* context,
                                                               v1::ImportModelResponse* response) override;

 private:
  absl::Status Delete(const v1::DeleteModelRequest& request);
  Dependencies deps_;
};

}  // namespace timbre::services
