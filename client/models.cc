#include "client/models.h"

#include <timbre/v1/model_service.grpc.pb.h>

#include "client/call.h"

namespace timbre::client {

absl::StatusOr<std::vector<v1::Model>> ListModels(const Connection& connection) {
  const auto stub = v1::ModelService::NewStub(connection.channel);
  v1::ListModelsRequest request;
  request.set_page_size(1000);
  std::vector<v1::Model> models;
  do {
    auto page = CallUnary<v1::ListModelsResponse>(
        connection, Retry::kSafe,
        [&](auto* context, auto* response) { return stub->ListModels(context, request, response); });
    if (!page.ok()) return page.status();
    std::move(page->mutable_models()->begin(), page->mutable_models()->end(), std::back_inserter(models));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return models;
}

absl::StatusOr<v1::Model> GetModel(const Connection& connection, const std::string& name) {
  v1::GetModelRequest request;
  request.set_name(name);
  const auto stub = v1::ModelService::NewStub(connection.channel);
  auto response = CallUnary<v1::GetModelResponse>(connection, Retry::kSafe, [&](auto* context, auto* out) {
    return stub->GetModel(context, request, out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_model());
}

absl::StatusOr<v1::Model> SetLabel(const Connection& connection, const std::string& model_version,
                                   const std::string& label) {
  v1::SetLabelRequest request;
  request.set_model_version(model_version);
  request.set_label(label);
  const auto stub = v1::ModelService::NewStub(connection.channel);
  // Setting the same label twice is the same as once.
  auto response = CallUnary<v1::SetLabelResponse>(connection, Retry::kSafe, [&](auto* context, auto* out) {
    return stub->SetLabel(context, request, out);
  });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_model());
}

absl::StatusOr<v1::ModelVersion> DeriveVersion(const Connection& connection, const std::string& model_version,
                                               const std::string& embedding_layer) {
  v1::DeriveVersionRequest request;
  request.set_model_version(model_version);
  request.set_embedding_layer(embedding_layer);
  const auto stub = v1::ModelService::NewStub(connection.channel);
  // A second time gives the version that the first one made.
  auto response = CallUnary<v1::DeriveVersionResponse>(
      connection, Retry::kSafe,
      [&](auto* context, auto* out) { return stub->DeriveVersion(context, request, out); });
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_version());
}

absl::Status DeleteModel(const Connection& connection, const std::string& name, bool force) {
  v1::DeleteModelRequest request;
  request.set_name(name);
  request.set_force(force);
  const auto stub = v1::ModelService::NewStub(connection.channel);
  // Not tried again: after an unclear end the second answer would be NOT_FOUND.
  return CallUnary<v1::DeleteModelResponse>(
             connection, Retry::kNever,
             [&](auto* context, auto* out) { return stub->DeleteModel(context, request, out); })
      .status();
}

}  // namespace timbre::client
