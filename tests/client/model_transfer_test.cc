// What a client makes of an export that is not as it should be.
#include "client/model_transfer.h"

#include <timbre/v1/model_service.grpc.pb.h>

#include "client/folder.h"
#include "client/sha256.h"
#include "tests/client/test_server.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::client {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;
using ::timbre::testing::WriteFile;

// Sends what it is told to, and counts what an import sends.
class ScriptedModelService : public v1::ModelService::Service {
 public:
  grpc::Status ExportModel(grpc::ServerContext* /*context*/, const v1::ExportModelRequest* /*request*/,
                           grpc::ServerWriter<v1::ExportModelResponse>* writer) override {
    for (const v1::ExportModelResponse& message : messages) writer->Write(message);
    return end;
  }

  grpc::Status ImportModel(grpc::ServerContext* /*context*/,
                           grpc::ServerReader<v1::ImportModelRequest>* reader,
                           v1::ImportModelResponse* response) override {
    v1::ImportModelRequest request;
    while (reader->Read(&request)) {
      chunks += request.chunk();
      if (request.has_end()) last = request.end();
    }
    response->mutable_model_version()->set_name("models/m/versions/1");
    return grpc::Status::OK;
  }

  std::vector<v1::ExportModelResponse> messages;
  grpc::Status end = grpc::Status::OK;
  std::string chunks;
  v1::ImportEnd last;
};

v1::ExportModelResponse Start(const std::string& name) {
  v1::ExportModelResponse message;
  message.mutable_start()->set_file_name(name);
  return message;
}

v1::ExportModelResponse Chunk(const std::string& bytes) {
  v1::ExportModelResponse message;
  message.set_chunk(bytes);
  return message;
}

v1::ExportModelResponse End(const std::string& bytes) {
  Sha256 sha256;
  sha256.Update(bytes);
  v1::ExportModelResponse message;
  message.mutable_end()->set_byte_count(static_cast<int64_t>(bytes.size()));
  message.mutable_end()->set_sha256(sha256.HexDigest());
  return message;
}

class ModelTransferTest : public ::testing::Test {
 protected:
  absl::StatusOr<Exported> Receive(std::vector<v1::ExportModelResponse> messages) {
    service_.messages = std::move(messages);
    return ExportModel(server_.Connect(), {.model_version = "models/m/versions/1", .path = folder_.path()});
  }

  TempDir folder_;
  ScriptedModelService service_;
  TestServer server_{&service_};
};

TEST_F(ModelTransferTest, AWholeExportBecomesAFileAndReplacesAnOlderOne) {
  WriteFile(folder_ / "a.bin", "older");
  const auto exported = Receive({Start("a.bin"), Chunk("ab"), Chunk("c"), End("abc")});
  ASSERT_THAT(exported, IsOk());
  EXPECT_EQ(exported->path, folder_ / "a.bin");
  EXPECT_EQ(exported->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(*ReadFile(folder_ / "a.bin"), "abc");
}

TEST_F(ModelTransferTest, AServerChoosesNoOtherFolder) {
  const auto exported = Receive({Start("../../outside.bin"), End("")});
  ASSERT_THAT(exported, IsOk());
  EXPECT_EQ(exported->path, folder_ / "outside.bin");
}

TEST_F(ModelTransferTest, WhatIsNotWholeIsAnErrorAndLeavesNoFile) {
  const auto loss = absl::StatusCode::kDataLoss;
  EXPECT_THAT(Receive({}), StatusIs(loss, HasSubstr("without its last message")));
  EXPECT_THAT(Receive({Start("a"), Chunk("abc")}), StatusIs(loss, HasSubstr("without its last message")));
  EXPECT_THAT(Receive({Start("a"), Chunk("abd"), End("abc")}), StatusIs(loss, HasSubstr("sha256")));
  EXPECT_THAT(Receive({Start("a"), Chunk("ab"), End("abc")}), StatusIs(loss, HasSubstr("2 bytes of 3")));
  EXPECT_THAT(Receive({Chunk("abc")}), StatusIs(loss, HasSubstr("out of order")));
  EXPECT_THAT(Receive({Start("a"), Start("b")}), StatusIs(loss, HasSubstr("began twice")));
  EXPECT_THAT(Receive({Start("a"), End(""), Chunk("x")}), StatusIs(loss, HasSubstr("out of order")));
  service_.end = {grpc::StatusCode::DATA_LOSS, "the weights are damaged"};
  EXPECT_THAT(Receive({Start("a"), Chunk("abc")}), StatusIs(loss, HasSubstr("weights are damaged")));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(ModelTransferTest, AnImportEndsWithItsCountAndChecksum) {
  WriteFile(folder_ / "in", "abc");
  const auto version =
      ImportModel(server_.Connect(), {.model = "models/m", .file = folder_ / "in", .chunk_bytes = 2});
  ASSERT_THAT(version, IsOk());
  EXPECT_EQ(service_.chunks, "abc");
  EXPECT_EQ(service_.last.byte_count(), 3);
  EXPECT_EQ(service_.last.sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_THAT(ImportModel(server_.Connect(), {.model = "models/m", .file = folder_ / "none"}),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ImportModel(server_.Connect(), {.model = "models/m", .file = folder_.path()}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a folder")));
}

}  // namespace
}  // namespace timbre::client
