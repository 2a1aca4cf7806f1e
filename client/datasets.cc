#include "client/datasets.h"

#include <timbre/v1/dataset_service.grpc.pb.h>

#include "client/call.h"

namespace timbre::client {

absl::StatusOr<v1::CreateDatasetResponse> CreateDataset(const Connection& connection,
                                                        const v1::CreateDatasetRequest& request) {
  const auto stub = v1::DatasetService::NewStub(connection.channel);
  return CallUnary<v1::CreateDatasetResponse>(connection, Retry::kNever, [&](auto* context, auto* response) {
    return stub->CreateDataset(context, request, response);
  });
}

absl::StatusOr<v1::Dataset> GetDataset(const Connection& connection, const std::string& name) {
  v1::GetDatasetRequest request;
  request.set_name(name);
  const auto stub = v1::DatasetService::NewStub(connection.channel);
  auto response = CallUnary<v1::GetDatasetResponse>(connection, Retry::kSafe, [&](auto* context, auto* out) {
    return stub->GetDataset(context, request, out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_dataset());
}

absl::StatusOr<std::vector<v1::Dataset>> ListDatasets(const Connection& connection) {
  const auto stub = v1::DatasetService::NewStub(connection.channel);
  v1::ListDatasetsRequest request;
  request.set_page_size(1000);
  std::vector<v1::Dataset> datasets;
  do {
    auto page = CallUnary<v1::ListDatasetsResponse>(connection, Retry::kSafe, [&](auto* context, auto* out) {
      return stub->ListDatasets(context, request, out);
    });
    if (!page.ok()) return page.status();
    std::move(page->mutable_datasets()->begin(), page->mutable_datasets()->end(),
              std::back_inserter(datasets));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return datasets;
}

absl::StatusOr<v1::PreviewAugmentationResponse> PreviewAugmentation(
    const Connection& connection, const v1::PreviewAugmentationRequest& request) {
  const auto stub = v1::DatasetService::NewStub(connection.channel);
  return CallUnary<v1::PreviewAugmentationResponse>(
      connection, Retry::kSafe,
      [&](auto* context, auto* response) { return stub->PreviewAugmentation(context, request, response); });
}

absl::Status DeleteDataset(const Connection& connection, const std::string& name) {
  v1::DeleteDatasetRequest request;
  request.set_name(name);
  const auto stub = v1::DatasetService::NewStub(connection.channel);
  return CallUnary<v1::DeleteDatasetResponse>(
             connection, Retry::kNever,
             [&](auto* context, auto* out) { return stub->DeleteDataset(context, request, out); })
      .status();
}

}  // namespace timbre::client
