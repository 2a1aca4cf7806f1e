#include "client/dataset_upload.h"

#include <timbre/v1/dataset_service.grpc.pb.h>

#include "absl/strings/str_cat.h"
#include "tests/client/test_server.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;
using ::timbre::testing::WriteFile;

// Writes down the parts of an upload in the order in which they come.
class RecordingDatasetService : public v1::DatasetService::Service {
 public:
  grpc::Status UploadDataset(grpc::ServerContext* /*context*/,
                             grpc::ServerReader<v1::UploadDatasetRequest>* reader,
                             v1::UploadDatasetResponse* response) override {
    v1::UploadDatasetRequest request;
    while (reader->Read(&request)) {
      if (request.has_start()) parts.push_back(absl::StrCat("start ", request.start().dataset_id()));
      if (request.has_file()) parts.push_back(absl::StrCat("file ", request.file().path()));
      if (request.part_case() == v1::UploadDatasetRequest::kChunk) parts.push_back(request.chunk());
      if (request.has_end()) {
        parts.push_back(absl::StrCat("end ", request.end().file_count(), " ", request.end().byte_count()));
      }
      if (refuses) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the disk is full"};
    }
    response->set_job("jobs/j1");
    return grpc::Status::OK;
  }

  std::vector<std::string> parts;
  bool refuses = false;
};

class DatasetUploadTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::UploadDatasetResponse> Upload() {
    UploadOptions options{.dataset_id = "songs", .folder = folder_.path(), .chunk_bytes = 4};
    options.on_progress = [this](int64_t sent, int64_t total) { progress_.emplace_back(sent, total); };
    return UploadDataset(server_.Connect(), options);
  }

  TempDir folder_;
  RecordingDatasetService service_;
  TestServer server_{&service_};
  std::vector<std::pair<int64_t, int64_t>> progress_;
};

TEST_F(DatasetUploadTest, FilesComeByNameEachBegunBeforeItsChunks) {
  WriteFile(folder_ / "b.wav", "123456");
  WriteFile(folder_ / "a/deep.wav", "abcd");
  WriteFile(folder_ / "annotations.csv", "path");
  WriteFile(folder_ / "empty.wav", "");
  auto response = Upload();
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->job(), "jobs/j1");
  EXPECT_THAT(service_.parts, ElementsAre("start songs", "file a/deep.wav", "abcd", "file annotations.csv",
                                          "path", "file b.wav", "1234", "56", "file empty.wav", "end 4 14"));
  EXPECT_THAT(progress_, ElementsAre(Pair(4, 14), Pair(8, 14), Pair(12, 14), Pair(14, 14)));
}

TEST_F(DatasetUploadTest, HiddenFilesStayAtHome) {
  WriteFile(folder_ / ".git/config", "x");
  WriteFile(folder_ / ".DS_Store", "x");
  WriteFile(folder_ / "a.wav", "abcd");
  EXPECT_THAT(Upload(), IsOk());
  EXPECT_THAT(service_.parts, ElementsAre("start songs", "file a.wav", "abcd", "end 1 4"));
}

TEST_F(DatasetUploadTest, AServerThatStopsListeningSaysWhy) {
  service_.refuses = true;
  WriteFile(folder_ / "a.wav", std::string(100'000, 'x'));
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("disk is full")));
}

TEST_F(DatasetUploadTest, AFolderWithoutFilesIsRefusedBeforeTheCall) {
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no files")));
  EXPECT_TRUE(service_.parts.empty());
}

}  // namespace
}  // namespace timbre::client
