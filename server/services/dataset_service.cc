#include "server/services/dataset_service.h"

#include "core/base/status_macros.h"
#include "server/convert/dataset_convert.h"
#include "server/convert/field_errors.h"
#include "server/convert/names.h"
#include "server/services/job_log.h"
#include "server/services/pages.h"
#include "server/services/preview.h"
#include "server/services/upload_reactor.h"

namespace timbre::services {

grpc::ServerUnaryReactor* DatasetService::CreateDataset(grpc::CallbackServerContext* context,
                                                        const v1::CreateDatasetRequest* request,
                                                        v1::CreateDatasetResponse* response) {
  return deps_.runner.Run(
      "DatasetService/CreateDataset", context, *request,
      [this, request, response](const rpc::CallContext& call) -> absl::Status {
        if (request->path().empty()) {
          convert::FieldErrors errors;
          errors.Add("path",
                     "is missing; name a folder relative to the data root ('.' for all of it), or use "
                     "UploadDataset");
          return errors.ToStatus();
        }
        TIMBRE_ASSIGN_OR_RETURN(const registry::DatasetInfo info,
                                deps_.catalog.Create({request->dataset_id(), request->path(),
                                                      request->track_id_pattern(), call.caller.account}));
        LogIngest(info.job, *call.record);
        *response->mutable_dataset() = convert::DatasetToProto(info, /*with_skipped=*/false);
        response->set_job(info.job);
        return absl::OkStatus();
      });
}

grpc::ServerReadReactor<v1::UploadDatasetRequest>* DatasetService::UploadDataset(
    grpc::CallbackServerContext* context, v1::UploadDatasetResponse* response) {
  const security::Caller caller = deps_.runner.environment().gate.CallerOf(*context);
  return NewUploadReactor(
      {deps_.catalog, deps_.runner, deps_.staging_root, deps_.max_upload_bytes, caller.account}, context,
      response);
}

grpc::ServerUnaryReactor* DatasetService::GetDataset(grpc::CallbackServerContext* context,
                                                     const v1::GetDatasetRequest* request,
                                                     v1::GetDatasetResponse* response) {
  return deps_.runner.Run(
      "DatasetService/GetDataset", context, *request,
      [this, request, response](const rpc::CallContext&) -> absl::Status {
        TIMBRE_ASSIGN_OR_RETURN(const std::string id, convert::ParseDatasetName(request->name()));
        TIMBRE_ASSIGN_OR_RETURN(const registry::DatasetInfo info, deps_.datasets.Get(id));
        *response->mutable_dataset() = convert::DatasetToProto(info, /*with_skipped=*/true);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* DatasetService::ListDatasets(grpc::CallbackServerContext* context,
                                                       const v1::ListDatasetsRequest* request,
                                                       v1::ListDatasetsResponse* response) {
  return deps_.runner.Run(
      "DatasetService/ListDatasets", context, *request,
      [this, request, response](const rpc::CallContext&) -> absl::Status {
        TIMBRE_ASSIGN_OR_RETURN(std::vector<registry::DatasetInfo> all, deps_.datasets.List());
        TIMBRE_ASSIGN_OR_RETURN(const auto page,
                                TakePage(std::move(all), request->page_size(), request->page_token(),
                                         response->mutable_next_page_token()));
        for (const registry::DatasetInfo& info : page) {
          *response->add_datasets() = convert::DatasetToProto(info, /*with_skipped=*/false);
        }
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* DatasetService::DeleteDataset(grpc::CallbackServerContext* context,
                                                        const v1::DeleteDatasetRequest* request,
                                                        v1::DeleteDatasetResponse*) {
  return deps_.runner.Run("DatasetService/DeleteDataset", context, *request,
                          [this, request](const rpc::CallContext&) -> absl::Status {
                            TIMBRE_ASSIGN_OR_RETURN(const std::string id,
                                                    convert::ParseDatasetName(request->name()));
                            return deps_.catalog.Delete(id);
                          });
}

grpc::ServerUnaryReactor* DatasetService::PreviewAugmentation(grpc::CallbackServerContext* context,
                                                              const v1::PreviewAugmentationRequest* request,
                                                              v1::PreviewAugmentationResponse* response) {
  return deps_.decode_runner.Run("DatasetService/PreviewAugmentation", context, *request,
                                 [this, request, response](const rpc::CallContext& call) {
                                   const auto charge = [&](int64_t windows) {
                                     return deps_.runner.environment().gate.quotas().OnWindows(
                                         call.caller.account, windows);
                                   };
                                   return Preview(*request, deps_.limits, charge, response);
                                 });
}

}  // namespace timbre::services
