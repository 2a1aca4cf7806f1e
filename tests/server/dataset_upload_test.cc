// Data sets that come by UploadDataset, and what is refused.
#include <fstream>
#include <vector>

#include "tests/server/dataset_service_fixture.h"

namespace timbre {
namespace {

using testing::Call;
using ::testing::HasSubstr;
using testing::IsRpcError;
using testing::IsRpcOk;

TEST_F(DatasetServiceTest, AnUploadBecomesADataSet) {
  const auto path = server_.data_root() / "one.wav";
  testing::WriteAudio(path, testing::Sine(300, 0.5, 40000));
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());

  grpc::ClientContext context;
  v1::UploadDatasetResponse response;
  auto writer = server_.datasets->UploadDataset(&context, &response);
  v1::UploadDatasetRequest message;
  message.mutable_start()->set_dataset_id("sent");
  writer->Write(message);
  message.mutable_file()->set_path("a/one.wav");
  writer->Write(message);
  for (size_t at = 0; at < bytes.size(); at += 10000) {
    message.set_chunk(bytes.substr(at, 10000));
    writer->Write(message);
  }
  message.mutable_file()->set_path("annotations.csv");
  writer->Write(message);
  const std::string csv = "path,sine\na/one.wav,1\n";
  message.set_chunk(csv);
  writer->Write(message);
  message.mutable_end()->set_file_count(2);
  message.mutable_end()->set_byte_count(static_cast<int64_t>(bytes.size() + csv.size()));
  writer->Write(message);
  writer->WritesDone();
  ASSERT_THAT(writer->Finish(), IsRpcOk());
  ASSERT_EQ(testing::WaitForJob(*server_.jobs, response.job()).state(), v1::JOB_STATE_SUCCEEDED);
  const v1::Dataset dataset = Get("datasets/sent");
  EXPECT_EQ(dataset.clip_count(), 1);
  EXPECT_EQ(dataset.tags(0), "sine");
}

TEST_F(DatasetServiceTest, AnUploadThatBreaksTheRulesLeavesNothing) {
  const auto finish = [this](const std::vector<v1::UploadDatasetRequest>& messages) {
    grpc::ClientContext context;
    v1::UploadDatasetResponse response;
    auto writer = server_.datasets->UploadDataset(&context, &response);
    for (const auto& message : messages) {
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  };
  v1::UploadDatasetRequest start;
  start.mutable_start()->set_dataset_id("up");
  v1::UploadDatasetRequest chunk;
  chunk.set_chunk("xx");
  const auto file = [](const std::string& path) {
    v1::UploadDatasetRequest message;
    message.mutable_file()->set_path(path);
    return message;
  };
  const auto end = [](int64_t files, int64_t bytes) {
    v1::UploadDatasetRequest message;
    message.mutable_end()->set_file_count(files);
    message.mutable_end()->set_byte_count(bytes);
    return message;
  };
  const auto bad = grpc::StatusCode::INVALID_ARGUMENT;
  EXPECT_THAT(finish({}), IsRpcError(bad, HasSubstr("without `end`")));
  EXPECT_THAT(finish({start, end(0, 0)}), IsRpcError(bad, HasSubstr("no file")));
  EXPECT_THAT(finish({start, file("a.wav"), chunk}), IsRpcError(bad, HasSubstr("without `end`")));
  EXPECT_THAT(finish({start, file("a.wav"), chunk, end(1, 3)}),
              IsRpcError(bad, HasSubstr("1 files with 2 bytes came")));
  EXPECT_THAT(finish({start, file("a.wav"), chunk, end(2, 2)}), IsRpcError(bad, HasSubstr("2 files")));
  EXPECT_THAT(finish({start, file("a.wav"), chunk, end(1, 2), chunk}),
              IsRpcError(bad, HasSubstr("after `end`")));
  EXPECT_THAT(finish({chunk}), IsRpcError(bad, HasSubstr("start")));
  EXPECT_THAT(finish({start, chunk}), IsRpcError(bad, HasSubstr("file")));
  EXPECT_THAT(finish({start, start}), IsRpcError(bad, HasSubstr("start")));
  for (const char* path : {"../x.wav", "/etc/x.wav", "a/../../x.wav", "", "a/"}) {
    EXPECT_THAT(finish({start, file(path), chunk}), IsRpcError(bad, HasSubstr("path"))) << path;
  }
  EXPECT_THAT(finish({start, file("a.wav"), file("a.wav")}), IsRpcError(bad, HasSubstr("twice")));
  v1::GetDatasetRequest request;
  request.set_name("datasets/up");
  v1::GetDatasetResponse response;
  EXPECT_THAT(Call(*server_.datasets, &v1::DatasetService::Stub::GetDataset, request, &response),
              IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("up")));
  // A call's files go when gRPC is done with it, which may be after the client has its answer.
  server_.Stop();
  EXPECT_TRUE(std::filesystem::is_empty(server_.state_dir() / "spool"));
}

// A file without a byte costs a name in each folder of its path.
TEST(DatasetUploadTest, AnUploadOfNothingButNamesIsBounded) {
  constexpr int kFolders = 100, kRoomFor = 5;
  testing::InProcessServer server;
  server.settings().max_upload_bytes = int64_t{4096} * (kFolders + 1) * kRoomFor;
  server.Start();
  std::string deep;
  for (int i = 0; i < kFolders; ++i) deep += "d/";
  grpc::ClientContext context;
  v1::UploadDatasetResponse response;
  const auto writer = server.datasets->UploadDataset(&context, &response);
  v1::UploadDatasetRequest message;
  message.mutable_start()->set_dataset_id("names");
  writer->Write(message);
  for (int i = 0; i <= kRoomFor; ++i) {
    message.mutable_file()->set_path(absl::StrCat(deep, i, ".wav"));
    writer->Write(message);
  }
  writer->WritesDone();
  EXPECT_THAT(writer->Finish(), IsRpcError(grpc::StatusCode::RESOURCE_EXHAUSTED, HasSubstr("split it")));
}

}  // namespace
}  // namespace timbre
