#include "server/services/model_service.h"

#include "core/base/status_macros.h"
#include "server/convert/model_convert.h"
#include "server/convert/names.h"
#include "server/services/client_stream_reactor.h"
#include "server/services/export_reactor.h"
#include "server/services/import_session.h"
#include "server/services/pages.h"

namespace timbre::services {
grpc::ServerUnaryReactor* ModelService::ListModels(grpc::CallbackServerContext* context,
                                                   const v1::ListModelsRequest* request,
                                                   v1::ListModelsResponse* response) {
  return deps_.runner.Run(
      "ModelService/ListModels", context, *request,
      [this, request, response](const rpc::CallContext&) -> absl::Status {
        TIMBRE_ASSIGN_OR_RETURN(std::vector<registry::Model> all, deps_.models.ListModels());
        TIMBRE_ASSIGN_OR_RETURN(const auto page,
                                TakePage(std::move(all), request->page_size(), request->page_token(),
                                         response->mutable_next_page_token()));
        for (const registry::Model& model : page) *response->add_models() = convert::ModelToProto(model);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ModelService::GetModel(grpc::CallbackServerContext* context,
                                                 const v1::GetModelRequest* request,
                                                 v1::GetModelResponse* response) {
  return deps_.runner.Run("ModelService/GetModel", context, *request,
                          [this, request, response](const rpc::CallContext&) -> absl::Status {
                            TIMBRE_ASSIGN_OR_RETURN(const std::string id,
                                                    convert::ParseModelName(request->name()));
                            TIMBRE_ASSIGN_OR_RETURN(const registry::Model model, deps_.models.GetModel(id));
                            *response->mutable_model() = convert::ModelToProto(model);
                            return absl::OkStatus();
                          });
}

grpc::ServerUnaryReactor* ModelService::SetLabel(grpc::CallbackServerContext* context,
                                                 const v1::SetLabelRequest* request,
                                                 v1::SetLabelResponse* response) {
  return deps_.runner.Run(
      "ModelService/SetLabel", context, *request,
      [this, request, response](const rpc::CallContext&) -> absl::Status {
        TIMBRE_ASSIGN_OR_RETURN(const convert::VersionName name,
                                convert::ParseVersionName(request->model_version()));
        const std::string label = request->label().empty() ? "stable" : request->label();
        TIMBRE_RETURN_IF_ERROR(convert::CheckId("label", label));
        TIMBRE_RETURN_IF_ERROR(deps_.registry.Promote(name.model, label, name.version).status());
        deps_.embedder.ReleaseUnused();
        TIMBRE_ASSIGN_OR_RETURN(const registry::Model model, deps_.models.GetModel(name.model));
        *response->mutable_model() = convert::ModelToProto(model);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ModelService::DeriveVersion(grpc::CallbackServerContext* context,
                                                      const v1::DeriveVersionRequest* request,
                                                      v1::DeriveVersionResponse* response) {
  return deps_.runner.Run("ModelService/DeriveVersion", context, *request,
                          [this, request, response](const rpc::CallContext&) -> absl::Status {
                            TIMBRE_ASSIGN_OR_RETURN(const convert::VersionName name,
                                                    convert::ParseVersionName(request->model_version()));
                            TIMBRE_ASSIGN_OR_RETURN(
                                const registry::Version version,
                                deps_.models.Derive(name.model, name.version, request->embedding_layer()));
                            *response->mutable_version() = convert::VersionToProto(version);
                            return absl::OkStatus();
                          });
}

grpc::ServerUnaryReactor* ModelService::DeleteModel(grpc::CallbackServerContext* context,
                                                    const v1::DeleteModelRequest* request,
                                                    v1::DeleteModelResponse*) {
  return deps_.runner.Run("ModelService/DeleteModel", context, *request,
                          [this, request](const rpc::CallContext&) { return Delete(*request); });
}

absl::Status ModelService::Delete(const v1::DeleteModelRequest& request) {
  std::vector<convert::VersionName> gone;
  const absl::StatusOr<std::string> id = convert::ParseModelName(request.name());
  if (id.ok()) {
    TIMBRE_ASSIGN_OR_RETURN(const registry::Model model, deps_.models.GetModel(*id));
    for (const registry::Version& version : model.versions) gone.push_back({*id, version.version});
    TIMBRE_RETURN_IF_ERROR(deps_.models.DeleteModel(*id, request.force()));
  } else {
    TIMBRE_ASSIGN_OR_RETURN(const convert::VersionName name, convert::ParseVersionName(request.name()));
    TIMBRE_RETURN_IF_ERROR(deps_.models.DeleteVersion(name.model, name.version, request.force()));
    gone.push_back(name);
  }
  for (const convert::VersionName& name : gone) {
    deps_.registry.Evict(name.model, name.version);
    deps_.embedder.Forget(name.model, name.version);
  }
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::ExportModelResponse>* ModelService::ExportModel(
    grpc::CallbackServerContext* context, const v1::ExportModelRequest* request) {
  return NewExportReactor({deps_.models, deps_.runner, deps_.spool_dir}, context, *request);
}

grpc::ServerReadReactor<v1::ImportModelRequest>* ModelService::ImportModel(
    grpc::CallbackServerContext* context, v1::ImportModelResponse* response) {
  using Reactor = ClientStreamReactor<ImportSession, v1::ImportModelRequest, v1::ImportModelResponse>;
  return new Reactor(
      {deps_.runner, "ModelService/ImportModel", *context, response},
      ImportDependencies{deps_.models, deps_.spool_dir, deps_.max_model_upload_bytes, deps_.build});
}

}  // namespace timbre::services
