// kill -9 of a real server in the midst of a training, and SIGTERM: what was acknowledged is there, and the
// training goes on.
#include "tests/support/job_wait.h"
#include "tests/support/rpc_status.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_corpus.h"
#include "timbre/v1/dataset_service.grpc.pb.h"

namespace timbre {
namespace {

using testing::IsRpcOk;

class CrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::WriteTinyCorpus(server_.data_root(), "train", 4);
    server_.Start();
    grpc::ClientContext context;
    v1::CreateDatasetRequest request;
    request.set_dataset_id("train");
    request.set_path("train");
    v1::CreateDatasetResponse response;
    auto datasets = v1::DatasetService::NewStub(server_.channel());
    ASSERT_THAT(datasets->CreateDataset(&context, request, &response), IsRpcOk());
    testing::WaitForJob(*Jobs(), response.job());
  }

  std::unique_ptr<v1::JobService::Stub> Jobs() { return v1::JobService::NewStub(server_.channel()); }

  std::string Submit(int64_t steps) {
    grpc::ClientContext context;
    v1::SubmitJobRequest request;
    auto* spec = request.mutable_job()->mutable_ssl_training();
    spec->set_dataset("datasets/train");
    spec->set_model("models/crash");
    spec->mutable_training_config()->set_batch_tracks(2);
    spec->mutable_training_config()->set_steps(steps);
    spec->mutable_runtime_config()->set_snapshot_interval_steps(2);
    v1::SubmitJobResponse response;
    EXPECT_THAT(Jobs()->SubmitJob(&context, request, &response), IsRpcOk());
    return response.job().name();
  }

  // The events until one satisfies `wanted`.
  template <typename Wanted>
  std::vector<v1::JobEvent> WatchUntil(const std::string& job, Wanted wanted) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    v1::WatchJobRequest request;
    request.set_name(job);
    auto jobs = Jobs();
    auto reader = jobs->WatchJob(&context, request);
    std::vector<v1::JobEvent> events;
    for (v1::WatchJobResponse response; reader->Read(&response);) {
      events.push_back(response.event());
      if (wanted(response.event())) break;
    }
    context.TryCancel();
    reader->Finish();
    return events;
  }

  testing::TempDir folder_;
  testing::ServerProcess server_{TIMBRED_BINARY, folder_.path()};
};

TEST_F(CrashTest, AfterKillMinusNineTheTrainingGoesOnFromItsSnapshotAndNoEventIsLost) {
  const std::string job = Submit(8);
  const std::vector<v1::JobEvent> before =
      WatchUntil(job, [](const v1::JobEvent& event) { return event.snapshot_saved().step() >= 2; });
  ASSERT_FALSE(before.empty());
  server_.Kill();
  server_.Start();

  const std::vector<v1::JobEvent> all = testing::WatchToEnd(*Jobs(), job);
  ASSERT_GE(all.size(), before.size());
  bool resumed = false;
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].sequence(), static_cast<int64_t>(i) + 1);
    if (i < before.size()) {
      EXPECT_EQ(all[i].SerializeAsString(), before[i].SerializeAsString());
    }
    if (all[i].has_resumed()) {
      resumed = true;
      EXPECT_GE(all[i].resumed().step(), 2);
    }
  }
  EXPECT_TRUE(resumed);
  const v1::Job done = testing::GetJob(*Jobs(), job);
  EXPECT_EQ(done.state(), v1::JOB_STATE_SUCCEEDED) << done.error().message();
  EXPECT_EQ(done.restart_count(), 1);
  EXPECT_EQ(done.ssl_training_result().model_version(), "models/crash/versions/1");
  EXPECT_EQ(server_.Terminate(), 0);
}

TEST_F(CrashTest, SigtermWritesASnapshotEndsWatchersAndExitsCleanly) {
  const std::string job = Submit(100'000);
  WatchUntil(job, [](const v1::JobEvent& event) { return event.training_progress().step() >= 1; });
  EXPECT_EQ(server_.Terminate(), 0);
  EXPECT_TRUE(std::filesystem::exists(server_.state_dir() / "jobs" / job.substr(5) / "snapshot.pt"));
  server_.Start();
  const auto events = WatchUntil(job, [](const v1::JobEvent& event) { return event.has_resumed(); });
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(events.back().has_resumed());
  EXPECT_EQ(testing::GetJob(*Jobs(), job).state(), v1::JOB_STATE_RUNNING);
}

}  // namespace
}  // namespace timbre
