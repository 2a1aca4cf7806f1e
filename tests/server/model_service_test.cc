// Models and labels; health and a second server on the same state or port.
#include <grpcpp/generic/generic_stub.h>

#include "tests/support/in_process_server.h"
#include "tests/support/published_model.h"
#include "tests/support/rpc_status.h"

namespace timbre {
namespace {

using testing::Call;
using ::testing::HasSubstr;
using testing::IsRpcError;
using testing::IsRpcOk;

class ModelServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::PublishModel(server_.state_dir(), "a", 1, {"x"});
    testing::PublishModel(server_.state_dir(), "b", 2, {"x", "y"});
    testing::PublishModel(server_.state_dir(), "b", 3, {"x", "y"});
    server_.Start();
  }
  testing::InProcessServer server_;
};

TEST_F(ModelServiceTest, ModelsAreListedWithVersionsLabelsAndTaggers) {
  v1::ListModelsResponse list;
  ASSERT_THAT(Call(*server_.models, &v1::ModelService::Stub::ListModels, v1::ListModelsRequest(), &list),
              IsRpcOk());
  ASSERT_EQ(list.models_size(), 2);
  const v1::Model& b = list.models(1);
  EXPECT_EQ(b.name(), "models/b");
  ASSERT_EQ(b.versions_size(), 2);
  EXPECT_EQ(b.labels().at("stable"), 2);
  EXPECT_EQ(b.versions(0).taggers(0).tags_size(), 2);
  EXPECT_NE(b.versions(0).embedding_space_id(), b.versions(1).embedding_space_id());
  EXPECT_THAT(b.versions(0).card_json(), HasSubstr("sample_cnn"));
}

TEST_F(ModelServiceTest, ALabelMovesAndRequestsFollowIt) {
  v1::SetLabelRequest request;
  request.set_model_version("models/b/versions/1");
  v1::SetLabelResponse response;
  ASSERT_THAT(Call(*server_.models, &v1::ModelService::Stub::SetLabel, request, &response), IsRpcOk());
  EXPECT_EQ(response.model().labels().at("stable"), 1);
  v1::GetInfoResponse info;
  ASSERT_THAT(Call(*server_.inference, &v1::InferenceService::Stub::GetInfo, v1::GetInfoRequest(), &info),
              IsRpcOk());
  EXPECT_EQ(info.served_models(1).model().model_version(), "models/b/versions/1");

  request.set_model_version("models/b/versions/7");
  EXPECT_THAT(Call(*server_.models, &v1::ModelService::Stub::SetLabel, request, &response),
              IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("7")));
  request.set_model_version("models/b/versions/1");
  request.set_label("Stable!");
  EXPECT_THAT(Call(*server_.models, &v1::ModelService::Stub::SetLabel, request, &response),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("label")));
}

TEST_F(ModelServiceTest, WhatALabelPointsToIsDeletedOnlyByForce) {
  v1::DeleteModelRequest request;
  request.set_name("models/b/versions/2");
  v1::DeleteModelResponse response;
  const auto remove = &v1::ModelService::Stub::DeleteModel;
  EXPECT_THAT(Call(*server_.models, remove, request, &response),
              IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("stable")));
  request.set_force(true);
  EXPECT_THAT(Call(*server_.models, remove, request, &response), IsRpcOk());
  EXPECT_THAT(Call(*server_.models, remove, request, &response),
              IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("2")));
  request.set_name("models/a");
  EXPECT_THAT(Call(*server_.models, remove, request, &response), IsRpcOk());
  v1::GetModelRequest get;
  get.set_name("models/a");
  v1::GetModelResponse model;
  EXPECT_THAT(Call(*server_.models, &v1::ModelService::Stub::GetModel, get, &model),
              IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("a")));
}

TEST_F(ModelServiceTest, HealthIsServing) {
  // grpc.health.v1 by its wire format: Debian ships no health.proto. HealthCheckResponse{status: SERVING} is
  // 08 01.
  const grpc::Slice empty;
  const grpc::ByteBuffer request(&empty, 1);
  grpc::GenericStub stub(server_.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  grpc::ByteBuffer response;
  grpc::Status status;
  call->StartCall();
  call->Finish(&response, &status, this);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_THAT(status, IsRpcOk());
  grpc::Slice slice;
  ASSERT_TRUE(response.DumpToSingleSlice(&slice).ok());
  EXPECT_EQ(std::string(slice.begin(), slice.end()), std::string("\x08\x01", 2));
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
}

TEST(PortTest, APortInUseIsAnErrorThatNamesIt) {
  testing::InProcessServer first;
  first.Start();
  testing::InProcessServer second;
  second.settings().listen_address = first.app().address();
  EXPECT_THAT(app::App::Start(second.settings()),
              testing::StatusIs(absl::StatusCode::kUnavailable, HasSubstr(first.app().address())));
}

TEST(StateDirTest, TwoServersCannotShareAStateDirectory) {
  testing::InProcessServer first;
  first.Start();
  testing::InProcessServer second;
  second.settings().state_dir = first.state_dir();
  EXPECT_THAT(app::App::Start(second.settings()), testing::StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace timbre
