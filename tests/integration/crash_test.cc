// kill -9 of a real server in the midst of a training, and SIGTERM: what was acknowledged is there, and the
// training goes on.
#include <fstream>
#include <random>

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

  // A training of the narrow encoder that uses whatever a snapshot must hold.
  std::string SubmitTiny(const std::string& model, int32_t loader_workers) {
    grpc::ClientContext context;
    v1::SubmitJobRequest request;
    auto* spec = request.mutable_job()->mutable_ssl_training();
    spec->set_dataset("datasets/train");
    spec->set_model("models/" + model);
    auto* config = spec->mutable_training_config();
    config->mutable_encoder()->set_architecture("sample_cnn_tiny");
    config->set_batch_tracks(2);
    config->set_steps(40);
    config->set_ema_decay(0.9);
    config->mutable_optimizer()->set_accumulation_steps(2);
    config->mutable_optimizer()->mutable_schedule()->set_warmup_steps(4);
    config->mutable_optimizer()->mutable_schedule()->mutable_cosine();
    spec->mutable_runtime_config()->set_loader_workers(loader_workers);
    spec->mutable_runtime_config()->set_snapshot_interval_steps(3);
    v1::SubmitJobResponse response;
    EXPECT_THAT(Jobs()->SubmitJob(&context, request, &response), IsRpcOk());
    return response.job().name();
  }

  // The digest of the weights that a job made.
  std::string DigestOf(const std::string& job) {
    const v1::Job done = testing::WaitForJob(*Jobs(), job);
    EXPECT_EQ(done.state(), v1::JOB_STATE_SUCCEEDED) << done.error().message();
    EXPECT_EQ(done.ssl_training_result().weights_digest().size(), 64U);
    return done.ssl_training_result().weights_digest();
  }

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

  // Stops a training on its way by PauseJob or CancelJob, and resumes it once it stands.
  template <typename Request, typename Response>
  void StopAndGoOn(const std::string& job,
                   grpc::Status (v1::JobService::Stub::*stop)(grpc::ClientContext*, const Request&,
                                                              Response*),
                   v1::JobState stopped) {
    WatchUntil(job, [](const v1::JobEvent& event) { return event.training_progress().step() >= 5; });
    const auto jobs = Jobs();
    grpc::ClientContext context;
    Request request;
    request.set_name(job);
    Response response;
    ASSERT_THAT(((*jobs).*stop)(&context, request, &response), IsRpcOk());
    WatchUntil(job, [&](const v1::JobEvent& event) { return event.state_changed().state() == stopped; });
    grpc::ClientContext resume_context;
    v1::ResumeJobRequest resume;
    resume.set_name(job);
    v1::ResumeJobResponse resumed;
    ASSERT_THAT(jobs->ResumeJob(&resume_context, resume, &resumed), IsRpcOk());
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

TEST_F(CrashTest, KilledAtARandomStepPausedOrCancelledATrainingEndsWithTheWeightsOfAnUninterruptedOne) {
  const std::string whole = DigestOf(SubmitTiny("whole", 1));
  EXPECT_EQ(DigestOf(SubmitTiny("workers", 3)), whole);

  const std::string paused = SubmitTiny("paused", 2);
  StopAndGoOn(paused, &v1::JobService::Stub::PauseJob, v1::JOB_STATE_PAUSED);
  EXPECT_EQ(DigestOf(paused), whole);

  const std::string cancelled = SubmitTiny("cancelled", 2);
  StopAndGoOn(cancelled, &v1::JobService::Stub::CancelJob, v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(DigestOf(cancelled), whole);

  // A new place each time the test runs; the figure says which, should it ever fail.
  std::random_device random;
  const std::string killed = SubmitTiny("killed", 1);
  for (int64_t from = 1; from <= 30; from += 15) {
    const int64_t step = from + random() % 10;
    SCOPED_TRACE(::testing::Message() << "killed at step " << step);
    WatchUntil(killed, [&](const v1::JobEvent& event) { return event.training_progress().step() >= step; });
    server_.Kill();
    server_.Start();
  }
  EXPECT_EQ(DigestOf(killed), whole);
}

TEST_F(CrashTest, ADamagedSnapshotFailsTheJobAndSaysWhy) {
  const std::string job = Submit(100'000);
  WatchUntil(job, [](const v1::JobEvent& event) { return event.snapshot_saved().step() >= 2; });
  server_.Kill();
  const std::filesystem::path snapshot = server_.state_dir() / "jobs" / job.substr(5) / "snapshot.pt";
  {
    std::fstream file(snapshot, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(snapshot) / 2));
    file.put('!').put('?').put('!');
  }
  server_.Start();
  const v1::Job failed = testing::WaitForJob(*Jobs(), job);
  EXPECT_EQ(failed.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(failed.error().code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_NE(failed.error().message().find("damaged"), std::string::npos) << failed.error().message();
}

}  // namespace
}  // namespace timbre
