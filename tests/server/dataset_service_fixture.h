#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/in_process_server.h"
#include "tests/support/job_wait.h"
#include "tests/support/rpc_status.h"
#include "tests/support/signals.h"
#include "tests/support/wav.h"

namespace timbre {

// A server of its own for each test, and data sets made of folders under its data root.
class DatasetServiceTest : public ::testing::Test {
 protected:
  void SetUp() override { server_.Start(); }

  // Those that are there stay: written again they would differ, since libsndfile puts the time into them.
  void WriteClips(const std::string& folder, int count) {
    for (int i = 0; i < count; ++i) {
      const auto file = server_.data_root() / folder / absl::StrCat("c", i, ".wav");
      if (!std::filesystem::exists(file))
        testing::WriteAudio(file, testing::Sine(200.0 + 50 * i, 0.4, 30000));
    }
  }

  grpc::Status Create(const std::string& id, const std::string& path, v1::CreateDatasetResponse* response,
                      const std::string& pattern = "") {
    v1::CreateDatasetRequest request;
    request.set_dataset_id(id);
    request.set_path(path);
    request.set_track_id_pattern(pattern);
    return testing::Call(*server_.datasets, &v1::DatasetService::Stub::CreateDataset, request, response);
  }

  v1::Dataset Get(const std::string& name) {
    v1::GetDatasetRequest request;
    request.set_name(name);
    v1::GetDatasetResponse response;
    EXPECT_THAT(testing::Call(*server_.datasets, &v1::DatasetService::Stub::GetDataset, request, &response),
                testing::IsRpcOk());
    return response.dataset();
  }

  // Creates, waits for the ingest's end, returns its job.
  v1::Job Ingest(const std::string& id, const std::string& path) {
    v1::CreateDatasetResponse response;
    EXPECT_THAT(Create(id, path, &response), testing::IsRpcOk());
    return testing::WaitForJob(*server_.jobs, response.job());
  }

  testing::InProcessServer server_;
};

}  // namespace timbre
