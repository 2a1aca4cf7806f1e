#pragma once

#include <grpcpp/support/server_callback.h>

#include <filesystem>

#include "core/registry/model_store.h"
#include "server/rpc/unary.h"
#include "timbre/v1/model_service.pb.h"

namespace timbre::services {

// What ExportModel needs. Lifetime: the references outlive the calls.
struct ExportDependencies {
  const registry::ModelStore& models;
  const rpc::UnaryRunner& runner;
  std::filesystem::path spool_dir;
};

// The reactor of one ExportModel call; it deletes itself.
grpc::ServerWriteReactor<v1::ExportModelResponse>* NewExportReactor(const ExportDependencies& deps,
                                                                    grpc::CallbackServerContext* context,
                                                                    const v1::ExportModelRequest& request);

}  // namespace timbre::services
