// Jobs through a real server: submit, list, watch, pause, resume, cancel, delete, and what is refused.
#include "tests/support/in_process_server.h"
#include "tests/support/job_wait.h"
#include "tests/support/rpc_status.h"
#include "tests/support/tiny_corpus.h"

namespace timbre {
namespace {

using testing::Call;
using ::testing::HasSubstr;
using testing::IsRpcError;
using testing::IsRpcOk;

class JobServiceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new testing::InProcessServer();
    server_->Start();
    MakeDataset("train", 4);
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  static void MakeDataset(const std::string& id, int tracks) {
    testing::WriteTinyCorpus(server_->data_root(), id, tracks);
    v1::CreateDatasetRequest create;
    create.set_dataset_id(id);
    create.set_path(id);
    v1::CreateDatasetResponse created;
    ASSERT_THAT(Call(*server_->datasets, &v1::DatasetService::Stub::CreateDataset, create, &created),
                IsRpcOk());
    ASSERT_EQ(testing::WaitForJob(*server_->jobs, created.job()).state(), v1::JOB_STATE_SUCCEEDED);
  }

  static v1::SubmitJobRequest Training(int64_t steps) {
    v1::SubmitJobRequest request;
    auto* spec = request.mutable_job()->mutable_ssl_training();
    spec->set_dataset("datasets/train");
    spec->set_model("models/tiny");
    spec->mutable_training_config()->set_batch_tracks(2);
    spec->mutable_training_config()->set_steps(steps);
    spec->mutable_runtime_config()->set_precision(v1::PRECISION_FP32);
    return request;
  }

  static grpc::Status Submit(const v1::SubmitJobRequest& request, v1::Job* job) {
    v1::SubmitJobResponse response;
    const grpc::Status status = Call(*server_->jobs, &v1::JobService::Stub::SubmitJob, request, &response);
    *job = response.job();
    return status;
  }

  template <typename Request, typename Response>
  static grpc::Status Act(grpc::Status (v1::JobService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                       Response*),
                          const std::string& name) {
    Request request;
    request.set_name(name);
    Response response;
    return Call(*server_->jobs, method, request, &response);
  }
  static grpc::Status Cancel(const std::string& name) { return Act(&v1::JobService::Stub::CancelJob, name); }

  // Reads events until one satisfies `wanted`; false if the job ended before.
  template <typename Wanted>
  static bool WatchUntil(const std::string& name, Wanted wanted) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    v1::WatchJobRequest request;
    request.set_name(name);
    auto reader = server_->jobs->WatchJob(&context, request);
    bool found = false;
    for (v1::WatchJobResponse response; !found && reader->Read(&response);) found = wanted(response.event());
    context.TryCancel();
    reader->Finish();
    return found;
  }

  static bool WatchUntilState(const std::string& name, v1::JobState state) {
    return WatchUntil(name,
                      [state](const v1::JobEvent& event) { return event.state_changed().state() == state; });
  }

  static testing::InProcessServer* server_;
};

testing::InProcessServer* JobServiceTest::server_ = nullptr;

TEST_F(JobServiceTest, ATrainingRunsToItsEndAndPublishesAVersion) {
  v1::Job job;
  ASSERT_THAT(Submit(Training(3), &job), IsRpcOk());
  EXPECT_EQ(job.state(), v1::JOB_STATE_QUEUED);
  const std::vector<v1::JobEvent> events = testing::WatchToEnd(*server_->jobs, job.name());
  std::vector<int64_t> steps;
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].sequence(), static_cast<int64_t>(i) + 1);
    if (events[i].has_training_progress()) steps.push_back(events[i].training_progress().step());
  }
  EXPECT_EQ(steps, (std::vector<int64_t>{1, 2, 3}));
  const v1::Job done = testing::GetJob(*server_->jobs, job.name());
  ASSERT_EQ(done.state(), v1::JOB_STATE_SUCCEEDED) << done.error().message();
  EXPECT_EQ(done.step(), 3);
  EXPECT_EQ(done.ssl_training_result().step_count(), 3);
  EXPECT_THAT(done.ssl_training_result().model_version(), HasSubstr("models/tiny/versions/"));
  // The stored spec says all that was done.
  EXPECT_DOUBLE_EQ(done.ssl_training().training_config().objective().nt_xent().temperature(), 0.5);

  const auto rest = testing::WatchToEnd(*server_->jobs, job.name(), 2);
  EXPECT_EQ(rest.size(), events.size() - 2);
  EXPECT_EQ(rest.front().sequence(), 3);
}

TEST_F(JobServiceTest, TheSameRequestIdMakesOneJob) {
  v1::SubmitJobRequest request = Training(1);
  request.set_request_id("a1b2");
  v1::Job first;
  v1::Job second;
  ASSERT_THAT(Submit(request, &first), IsRpcOk());
  ASSERT_THAT(Submit(request, &second), IsRpcOk());
  EXPECT_EQ(first.name(), second.name());
  request.mutable_job()->mutable_ssl_training()->mutable_training_config()->set_seed(5);
  EXPECT_THAT(Submit(request, &second), IsRpcError(grpc::StatusCode::ALREADY_EXISTS, HasSubstr("a1b2")));
  testing::WaitForJob(*server_->jobs, first.name());
}

TEST_F(JobServiceTest, ARepeatedRequestMakesOneJobThoughItsDataSetGrewMeanwhile) {
  MakeDataset("grows", 2);
  v1::SubmitJobRequest request = Training(1);
  request.set_request_id("grown");
  request.mutable_job()->mutable_ssl_training()->set_dataset("datasets/grows");
  request.mutable_job()->mutable_ssl_training()->mutable_training_config()->clear_batch_tracks();
  v1::Job first;
  v1::Job second;
  ASSERT_THAT(Submit(request, &first), IsRpcOk());
  EXPECT_EQ(first.ssl_training().training_config().batch_tracks(), 2);
  testing::WaitForJob(*server_->jobs, first.name());
  v1::DeleteDatasetRequest remove;
  remove.set_name("datasets/grows");
  v1::DeleteDatasetResponse removed;
  ASSERT_THAT(Call(*server_->datasets, &v1::DatasetService::Stub::DeleteDataset, remove, &removed),
              IsRpcOk());
  MakeDataset("grows", 4);
  ASSERT_THAT(Submit(request, &second), IsRpcOk());
  EXPECT_EQ(first.name(), second.name());
}

TEST_F(JobServiceTest, ValidateOnlyChecksAndMakesNothing) {
  v1::SubmitJobRequest request = Training(1);
  request.set_validate_only(true);
  v1::Job job;
  ASSERT_THAT(Submit(request, &job), IsRpcOk());
  EXPECT_EQ(job.name(), "");
  EXPECT_EQ(job.ssl_training().training_config().augmentation().effects_size(), 6);
  request.mutable_job()->mutable_ssl_training()->mutable_training_config()->set_steps(-1);
  EXPECT_THAT(Submit(request, &job), IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("steps")));
}

TEST_F(JobServiceTest, ABatchThatNobodyChoseTakesWhatTheDataSetHas) {
  v1::SubmitJobRequest request = Training(1);
  request.set_validate_only(true);
  request.mutable_job()->mutable_ssl_training()->mutable_training_config()->clear_batch_tracks();
  v1::Job job;
  ASSERT_THAT(Submit(request, &job), IsRpcOk());
  EXPECT_EQ(job.ssl_training().training_config().batch_tracks(), 4);
}

TEST_F(JobServiceTest, WhatCannotStartIsRefusedBeforeTheJobExists) {
  v1::Job job;
  v1::SubmitJobRequest request = Training(1);
  request.mutable_job()->mutable_ssl_training()->mutable_training_config()->set_batch_tracks(5);
  EXPECT_THAT(Submit(request, &job),
              IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("only 4 tracks")));
  request = Training(1);
  request.mutable_job()->mutable_ssl_training()->set_dataset("datasets/none");
  EXPECT_THAT(Submit(request, &job), IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("none")));
  request = Training(1);
  request.mutable_job()->mutable_ssl_training()->set_model("Tiny");
  EXPECT_THAT(Submit(request, &job),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("ssl_training.model")));
  request = Training(1);
  request.mutable_job()->mutable_ssl_training()->mutable_runtime_config()->set_device("cuda:7");
  EXPECT_THAT(Submit(request, &job), IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("cuda")));
  request = v1::SubmitJobRequest();
  EXPECT_THAT(Submit(request, &job), IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("spec")));
  request.mutable_job()->mutable_ingest();
  EXPECT_THAT(Submit(request, &job),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("CreateDataset")));
  request.mutable_job()->mutable_linear_probe()->set_model_version("models/none");
  request.mutable_job()->mutable_linear_probe()->set_train_dataset("datasets/train");
  request.mutable_job()->mutable_linear_probe()->set_test_dataset("datasets/train");
  EXPECT_THAT(Submit(request, &job), IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("none")));
}

TEST_F(JobServiceTest, WhatNobodyReadsIsNotKeptWithAJobAndALargeOneIsRefused) {
  v1::SubmitJobRequest request = Training(1);
  request.set_validate_only(true);
  v1::SslTrainingSpec& spec = *request.mutable_job()->mutable_ssl_training();
  const auto& reflection = *spec.GetReflection();
  reflection.MutableUnknownFields(&spec)->AddLengthDelimited(4711, std::string(1 << 20, 'x'));
  reflection.MutableUnknownFields(spec.mutable_training_config())->AddVarint(4711, 1);
  v1::Job job;
  ASSERT_THAT(Submit(request, &job), IsRpcOk());
  EXPECT_TRUE(reflection.GetUnknownFields(job.ssl_training()).empty());
  EXPECT_TRUE(reflection.GetUnknownFields(job.ssl_training().training_config()).empty());

  for (int i = 0; i < 70'000; ++i)
    spec.mutable_runtime_config()->add_stop_on_health(v1::HEALTH_PROBLEM_COLLAPSE);
  EXPECT_THAT(Submit(request, &job), IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("65536")));
}

TEST_F(JobServiceTest, ACancelledTrainingEndsCancelledWithASnapshotAndCanGoOn) {
  v1::Job job;
  ASSERT_THAT(Submit(Training(100'000), &job), IsRpcOk());
  ASSERT_TRUE(WatchUntil(job.name(),
                         [](const v1::JobEvent& event) { return event.training_progress().step() >= 2; }));
  EXPECT_THAT(Cancel(job.name()), IsRpcOk());
  v1::Job done = testing::WaitForJob(*server_->jobs, job.name());
  EXPECT_EQ(done.state(), v1::JOB_STATE_CANCELLED);
  EXPECT_THAT(Cancel(job.name()), IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("CANCELLED")));

  ASSERT_THAT(Act(&v1::JobService::Stub::ResumeJob, job.name()), IsRpcOk());
  ASSERT_TRUE(WatchUntil(job.name(), [](const v1::JobEvent& event) { return event.has_resumed(); }));
  ASSERT_THAT(Act(&v1::JobService::Stub::PauseJob, job.name()), IsRpcOk());
  ASSERT_TRUE(WatchUntilState(job.name(), v1::JOB_STATE_PAUSED));
  EXPECT_THAT(Act(&v1::JobService::Stub::DeleteJob, job.name()),
              IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("PAUSED")));
  EXPECT_THAT(Cancel(job.name()), IsRpcOk());
  done = testing::WaitForJob(*server_->jobs, job.name());
  EXPECT_EQ(done.state(), v1::JOB_STATE_CANCELLED);
  const auto folder = server_->state_dir() / "jobs" / job.name().substr(5);
  EXPECT_TRUE(std::filesystem::exists(folder / "snapshot.pt"));
  EXPECT_THAT(Act(&v1::JobService::Stub::DeleteJob, job.name()), IsRpcOk());
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_THAT(Act(&v1::JobService::Stub::CancelJob, job.name()),
              IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr(job.name().substr(5))));
}

TEST_F(JobServiceTest, JobsAreListedNewestFirstInPages) {
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) {
    v1::Job job;
    ASSERT_THAT(Submit(Training(1), &job), IsRpcOk());
    testing::WaitForJob(*server_->jobs, job.name());
    names.push_back(job.name());
  }
  v1::ListJobsRequest request;
  request.set_page_size(2);
  request.add_states(v1::JOB_STATE_SUCCEEDED);
  v1::ListJobsResponse page;
  ASSERT_THAT(Call(*server_->jobs, &v1::JobService::Stub::ListJobs, request, &page), IsRpcOk());
  ASSERT_EQ(page.jobs_size(), 2);
  EXPECT_EQ(page.jobs(0).name(), names[2]);
  EXPECT_EQ(page.jobs(1).name(), names[1]);
  request.set_page_token(page.next_page_token());
  ASSERT_THAT(Call(*server_->jobs, &v1::JobService::Stub::ListJobs, request, &page), IsRpcOk());
  EXPECT_EQ(page.jobs(0).name(), names[0]);
  request.set_page_token("nonsense");
  EXPECT_THAT(Call(*server_->jobs, &v1::JobService::Stub::ListJobs, request, &page),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("page_token")));
  request.clear_page_token();
  request.set_page_size(5000);
  EXPECT_THAT(Call(*server_->jobs, &v1::JobService::Stub::ListJobs, request, &page),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("page_size")));
}

TEST_F(JobServiceTest, WatchingWhatIsNotThereIsNotFound) {
  grpc::ClientContext context;
  v1::WatchJobRequest request;
  request.set_name("jobs/j000000000000");
  auto reader = server_->jobs->WatchJob(&context, request);
  v1::WatchJobResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_THAT(reader->Finish(), IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("j000000000000")));
}

TEST_F(JobServiceTest, DeletingADataSetThatAJobUsesIsRefused) {
  v1::Job job;
  ASSERT_THAT(Submit(Training(100'000), &job), IsRpcOk());
  v1::DeleteDatasetRequest request;
  request.set_name("datasets/train");
  v1::DeleteDatasetResponse response;
  EXPECT_THAT(Call(*server_->datasets, &v1::DatasetService::Stub::DeleteDataset, request, &response),
              IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr(job.name())));
  ASSERT_THAT(Cancel(job.name()), IsRpcOk());
  testing::WaitForJob(*server_->jobs, job.name());
}

}  // namespace
}  // namespace timbre
