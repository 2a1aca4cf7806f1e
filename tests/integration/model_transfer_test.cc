// ImportModel and ExportModel through a real socket, by the client library.
#include "client/model_transfer.h"

#include "client/models.h"
#include "core/base/atomic_file.h"
#include "core/base/sha256.h"
#include "core/weights/checkpoint.h"
#include "core/weights/tensor_file.h"
#include "tests/support/checkpoints.h"
#include "tests/support/in_process_server.h"
#include "tests/support/rpc_status.h"

namespace timbre {
namespace {

namespace fs = std::filesystem;
using testing::Call;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::IsRpcError;
using ::testing::SizeIs;
using testing::StatusIs;

class ModelTransferTest : public ::testing::Test {
 protected:
  void SetUp() override { server_.Start(); }

  absl::StatusOr<v1::ModelVersion> Import(const weights::TensorMap& tensors, const std::string& model = "m") {
    EXPECT_THAT(weights::WriteTensorFile(folder_ / "in.safetensors", tensors), IsOk());
    return client::ImportModel(connection(),
                               {.model = "models/" + model, .file = folder_ / "in.safetensors"});
  }

  absl::StatusOr<client::Exported> Export(const std::string& version, v1::ExportFormat format) {
    return client::ExportModel(connection(),
                               {.model_version = version, .format = format, .path = folder_.path()});
  }

  client::Connection connection() { return client::Connect({.server = server_.app().address()}); }

  int Models() {
    v1::ListModelsResponse list;
    EXPECT_THAT(Call(*server_.models, &v1::ModelService::Stub::ListModels, v1::ListModelsRequest(), &list),
                testing::IsRpcOk());
    return list.models_size();
  }

  // Ends the server, which waits for its calls, and looks at what they left.
  void ExpectEmptySpool() {
    server_.Stop();
    EXPECT_TRUE(fs::is_empty(server_.state_dir() / "spool"));
  }

  // Sends messages by hand.
  grpc::Status Send(const std::vector<v1::ImportModelRequest>& messages) {
    grpc::ClientContext context;
    v1::ImportModelResponse response;
    const auto writer = server_.models->ImportModel(&context, &response);
    for (const v1::ImportModelRequest& message : messages) {
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  static v1::ImportModelRequest Start(const std::string& model) {
    v1::ImportModelRequest message;
    message.mutable_start()->set_model(model);
    return message;
  }
  static v1::ImportModelRequest Chunk(const std::string& bytes) {
    v1::ImportModelRequest message;
    message.set_chunk(bytes);
    return message;
  }
  static v1::ImportModelRequest End(const std::string& bytes) {
    base::Sha256 sha256;
    sha256.Update(bytes);
    v1::ImportModelRequest message;
    message.mutable_end()->set_byte_count(static_cast<int64_t>(bytes.size()));
    message.mutable_end()->set_sha256(sha256.HexDigest());
    return message;
  }

  testing::TempDir folder_;
  testing::InProcessServer server_;
};

weights::TensorMap ClmrLightning() {
  const weights::TensorMap clmr = testing::ClmrNames(testing::HashedSampleCnn());
  return testing::Joined(
      testing::Joined(testing::Prefixed(clmr, "encoder."), testing::Prefixed(clmr, "model.encoder.")),
      testing::Prefixed(testing::HashedProjector(false), "model.projector."));
}

TEST_F(ModelTransferTest, AnImportedCheckpointSaysWhereItCameFromAndServes) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ModelVersion version, Import(ClmrLightning()));
  EXPECT_EQ(version.name(), "models/m/versions/1");
  EXPECT_THAT(version.embedding_space_id(), SizeIs(32));
  EXPECT_EQ(version.origin().file_name(), "in.safetensors");
  EXPECT_THAT(version.origin().sha256(), SizeIs(64));
  EXPECT_THAT(version.origin().key_naming(), HasSubstr("CLMR 2"));
  EXPECT_THAT(version.origin().notes(), ElementsAre(HasSubstr("centre tap")));
  EXPECT_THAT(version.card_json(), HasSubstr("\"key_naming\": \"CLMR 2"));
  EXPECT_THAT(version.build(), HasSubstr("timbre"));
  EXPECT_EQ(version.job(), "");

  v1::SetLabelRequest label;
  label.set_model_version(version.name());
  v1::SetLabelResponse labelled;
  EXPECT_THAT(Call(*server_.models, &v1::ModelService::Stub::SetLabel, label, &labelled), testing::IsRpcOk());
  v1::EmbedRequest request;
  request.set_expect_space_id(version.embedding_space_id());
  v1::PcmAudio& pcm = *request.mutable_audio()->mutable_pcm();
  pcm.mutable_format()->set_sample_rate_hz(22050);
  pcm.mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_INT16);
  for (int i = 0; i < 22050; ++i) *pcm.mutable_samples() += {'\0', static_cast<char>(i % 100)};
  v1::EmbedResponse response;
  EXPECT_THAT(Call(*server_.inference, &v1::InferenceService::Stub::Embed, request, &response),
              testing::IsRpcOk());
  EXPECT_THAT(response.embedding().values(), SizeIs(512));
  ExpectEmptySpool();
}

TEST_F(ModelTransferTest, EveryFormatOfSafetensorsComesBackAsTheSameSpaceAlsoAfterARestart) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ModelVersion version, Import(ClmrLightning()));
  server_.Stop();
  server_.Start();
  for (const auto format : {v1::EXPORT_FORMAT_TIMBRE, v1::EXPORT_FORMAT_NOTEBOOK, v1::EXPORT_FORMAT_CLMR}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const client::Exported file, Export(version.name(), format));
    EXPECT_THAT(file.notes, IsEmpty());
    TIMBRE_ASSERT_OK_AND_ASSIGN(weights::TensorMap tensors, weights::ReadTensorFile(file.path));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const weights::Checkpoint checkpoint, weights::ReadCheckpoint(tensors));
    EXPECT_EQ(weights::DigestTensors(checkpoint.encoder),
              weights::DigestTensors(testing::HashedTimbreEncoder()));
    EXPECT_EQ(checkpoint.projector, testing::HashedProjector(false));
    TIMBRE_ASSERT_OK_AND_ASSIGN(
        const v1::ModelVersion again,
        client::ImportModel(connection(),
                            {.model = "models/again", .file = file.path, .chunk_bytes = 100'000}));
    EXPECT_EQ(again.embedding_space_id(), version.embedding_space_id());
    EXPECT_EQ(again.origin().sha256(), file.sha256);
  }
  ExpectEmptySpool();
}

TEST_F(ModelTransferTest, AVersionServedAtTheProjectorComesBackAtTheSameLayer) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ModelVersion source, Import(ClmrLightning()));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ModelVersion version,
                              client::DeriveVersion(connection(), source.name(), "projector.2"));
  ASSERT_NE(version.embedding_space_id(), source.embedding_space_id());
  for (const auto format : {v1::EXPORT_FORMAT_TIMBRE, v1::EXPORT_FORMAT_NOTEBOOK, v1::EXPORT_FORMAT_CLMR}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const client::Exported file, Export(version.name(), format));
    TIMBRE_ASSERT_OK_AND_ASSIGN(
        const v1::ModelVersion again,
        client::ImportModel(connection(), {.model = "models/again", .file = file.path}));
    EXPECT_EQ(again.embedding_layer(), "projector.2");
    EXPECT_EQ(again.embedding_dim(), 64);
    EXPECT_EQ(again.embedding_space_id(), version.embedding_space_id());
    EXPECT_THAT(again.origin().notes(), ElementsAre(HasSubstr("projector.2")));
  }
  TIMBRE_ASSERT_OK_AND_ASSIGN(
      const std::string wrong,
      weights::SerializeTensors(testing::HashedSampleCnn(), {{"timbre.embedding_layer", "projector.1"}}));
  EXPECT_THAT(Send({Start("models/m"), Chunk(wrong), End(wrong)}),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT,
                         HasSubstr("metadata timbre.embedding_layer: embedding layer projector.1 needs")));
  ExpectEmptySpool();
}

TEST_F(ModelTransferTest, AVersionWithoutAProjectorSaysSoAndTorchScriptHoldsTheEncoder) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ModelVersion version, Import(testing::HashedSampleCnn()));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const client::Exported plain,
                              Export(version.name(), v1::EXPORT_FORMAT_UNSPECIFIED));
  EXPECT_EQ(plain.path.filename(), "m-1.safetensors");
  EXPECT_THAT(plain.notes, ElementsAre(HasSubstr("no projector")));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const client::Exported script,
                              Export(version.name(), v1::EXPORT_FORMAT_TORCHSCRIPT));
  EXPECT_EQ(script.path.filename(), "m-1.torchscript.pt");
  EXPECT_THAT(script.notes, ElementsAre(HasSubstr("encoder alone")));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes, base::ReadFile(script.path));
  EXPECT_EQ(bytes.substr(0, 2), "PK");
  EXPECT_EQ(static_cast<int64_t>(bytes.size()), script.byte_count);

  EXPECT_THAT(Export("models/m/versions/2", v1::EXPORT_FORMAT_CLMR),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("version 2")));
  EXPECT_THAT(Export("m", v1::EXPORT_FORMAT_CLMR), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Export(version.name(), static_cast<v1::ExportFormat>(9)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("TORCHSCRIPT")));
  ExpectEmptySpool();
}

TEST_F(ModelTransferTest, AWrongFileIsRefusedByTheTensorAndLeavesNothing) {
  weights::TensorMap tensors = ClmrLightning();
  for (const char* copy : {"encoder.", "model.encoder."}) {
    tensors[std::string(copy) + "sequential.2.0.bias"] = testing::HashedTensor({64}, "x", 1);
  }
  EXPECT_THAT(
      Import(tensors),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("'model.encoder.sequential.2.0.bias' has the shape [64]; wanted is [128]. The keys "
                         "were recognised as CLMR 2")));
  testing::WriteFile(folder_ / "model.pt", "PK\x03\x04 and the rest");
  EXPECT_THAT(client::ImportModel(connection(), {.model = "models/m", .file = folder_ / "model.pt"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("convert_checkpoint.py")));
  testing::WriteFile(folder_ / "empty", "");
  EXPECT_THAT(client::ImportModel(connection(), {.model = "models/m", .file = folder_ / "empty"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at least 8 bytes")));
  EXPECT_THAT(Import(testing::HashedSampleCnn(), "No Id"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Models(), 0);
  ExpectEmptySpool();
}

TEST_F(ModelTransferTest, AnImportThatIsNotWholeLeavesNothing) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string bytes, weights::SerializeTensors(testing::HashedSampleCnn()));
  const std::string half = bytes.substr(0, 1 << 20), rest = bytes.substr(1 << 20);
  const auto code = grpc::StatusCode::INVALID_ARGUMENT;
  EXPECT_THAT(Send({Start("models/m"), Chunk(half)}), IsRpcError(code, HasSubstr("without `end`")));
  EXPECT_THAT(Send({Start("models/m"), Chunk(half), End(bytes)}),
              IsRpcError(code, HasSubstr("nothing was kept")));
  EXPECT_THAT(Send({Start("models/m"), Chunk(half), End(half)}), IsRpcError(code, HasSubstr("truncated")));
  EXPECT_THAT(Send({Start("models/m"), End(""), Chunk(half)}), IsRpcError(code, HasSubstr("after `end`")));
  EXPECT_THAT(Send({Chunk(half)}), IsRpcError(code, HasSubstr("must be `start`")));
  EXPECT_THAT(Send({Start("models/m"), Start("models/m")}), IsRpcError(code, HasSubstr("only be the first")));
  EXPECT_THAT(Send({Start("models/m"), v1::ImportModelRequest()}), IsRpcError(code, HasSubstr("is empty")));
  EXPECT_THAT(Send({}), IsRpcError(code, HasSubstr("without `end`")));
  {
    grpc::ClientContext context;
    v1::ImportModelResponse response;
    const auto writer = server_.models->ImportModel(&context, &response);
    ASSERT_TRUE(writer->Write(Start("models/m")));
    ASSERT_TRUE(writer->Write(Chunk(half)));
    context.TryCancel();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(Models(), 0);
  EXPECT_THAT(Send({Start("models/m"), Chunk(half), Chunk(rest), End(bytes)}), testing::IsRpcOk());
  EXPECT_EQ(Models(), 1);
  ExpectEmptySpool();
}

TEST(ModelTransferLimitTest, AFileBeyondTheLimitIsRefusedAndTheLimitIsTold) {
  testing::InProcessServer server;
  server.settings().max_model_upload_bytes = 1 << 20;
  server.Start();
  const testing::TempDir folder;
  testing::WriteFile(folder / "big", std::string((1 << 20) + 1, 'x'));
  EXPECT_THAT(client::ImportModel(client::Connect({.server = server.app().address()}),
                                  {.model = "models/m", .file = folder / "big"}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("at most 1048576")));
  v1::GetInfoResponse info;
  ASSERT_THAT(Call(*server.inference, &v1::InferenceService::Stub::GetInfo, v1::GetInfoRequest(), &info),
              testing::IsRpcOk());
  EXPECT_EQ(info.limits().max_model_upload_bytes(), 1 << 20);
}

TEST_F(ModelTransferTest, AClientThatLeavesAnExportLeavesNothing) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const v1::ModelVersion version, Import(testing::HashedSampleCnn()));
  grpc::ClientContext context;
  v1::ExportModelRequest request;
  request.set_model_version(version.name());
  const auto reader = server_.models->ExportModel(&context, request);
  v1::ExportModelResponse message;
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_TRUE(message.has_start());
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  ExpectEmptySpool();
}

}  // namespace
}  // namespace timbre
