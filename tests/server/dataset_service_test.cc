// Data sets through a real server: create, ingest reports, and what is refused.
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>

#include "tests/server/dataset_service_fixture.h"

namespace timbre {
namespace {

using testing::Call;
using ::testing::HasSubstr;
using testing::IsRpcError;
using testing::IsRpcOk;

TEST_F(DatasetServiceTest, AFolderBecomesAReadyDataSetWithAReport) {
  WriteClips("music", 3);
  testing::WriteFile(server_.data_root() / "music" / "broken.mp3", "not audio at all");
  testing::WriteFile(server_.data_root() / "music" / "empty.wav", "");
  testing::WriteAudio(server_.data_root() / "music" / "short.wav", std::vector<float>(100, 0.1F));
  testing::WriteFile(server_.data_root() / "music" / "annotations.csv",
                     "path,rock,jazz\nc0.wav,1,0\nc1.wav,0,1\ngone.wav,1,1\n");
  v1::CreateDatasetResponse response;
  ASSERT_THAT(Create("music", "music", &response), IsRpcOk());
  EXPECT_EQ(response.dataset().name(), "datasets/music");
  EXPECT_EQ(response.dataset().state(), v1::DATASET_STATE_INGESTING);
  const v1::Job job = testing::WaitForJob(*server_.jobs, response.job());
  ASSERT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED) << job.ShortDebugString();
  EXPECT_EQ(job.ingest_result().clip_count(), 3);
  const v1::Dataset dataset = Get("datasets/music");
  EXPECT_EQ(dataset.state(), v1::DATASET_STATE_READY);
  EXPECT_EQ(dataset.clip_count(), 3);
  EXPECT_EQ(dataset.report().skipped_files_size(), 3);
  EXPECT_EQ(dataset.report().rows_without_file_count(), 1);
  EXPECT_EQ(dataset.report().files_without_row_count(), 1);
  ASSERT_EQ(dataset.tags_size(), 2);
  EXPECT_EQ(dataset.tags(0), "rock");
}

TEST_F(DatasetServiceTest, ASecondDataSetOfTheSameFilesDecodesOnlyWhatIsNew) {
  WriteClips("music", 3);
  const v1::Job first = Ingest("first", "music");
  EXPECT_EQ(first.ingest_result().decoded_count(), 3);
  EXPECT_EQ(first.ingest_result().cached_count(), 0);
  WriteClips("music", 4);
  const v1::Job second = Ingest("second", "music");
  EXPECT_EQ(second.ingest_result().decoded_count(), 1);
  EXPECT_EQ(second.ingest_result().cached_count(), 3);
  EXPECT_EQ(Get("datasets/second").report().decoded_count(), 1);
  EXPECT_EQ(Get("datasets/second").report().cached_count(), 3);
  v1::WatchJobRequest watch;
  watch.set_name(second.name());
  grpc::ClientContext context;
  auto reader = server_.jobs->WatchJob(&context, watch);
  v1::PhaseProgress last;
  for (v1::WatchJobResponse response; reader->Read(&response);) {
    if (response.event().has_phase_progress()) last = response.event().phase_progress();
  }
  EXPECT_EQ(last.done_count(), 4);
  EXPECT_EQ(last.ingest().cached_count(), 3);
  EXPECT_EQ(last.ingest().done_bytes(), last.ingest().total_bytes());
  EXPECT_NEAR(last.ingest().audio_seconds(), Get("datasets/second").audio_seconds(), 1e-9);
  for (const char* id : {"first", "second"}) {
    v1::DeleteDatasetRequest request;
    request.set_name(absl::StrCat("datasets/", id));
    v1::DeleteDatasetResponse response;
    EXPECT_THAT(Call(*server_.datasets, &v1::DatasetService::Stub::DeleteDataset, request, &response),
                IsRpcOk());
  }
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(server_.state_dir() / "datasets" / ".blobs")) {
    EXPECT_TRUE(entry.is_directory() || entry.path().filename() == "lock") << entry.path();
  }
}

TEST_F(DatasetServiceTest, APathThatLeavesTheDataRootIsRefused) {
  std::filesystem::create_directories(server_.state_dir() / "outside");
  std::filesystem::create_directory_symlink(server_.state_dir() / "outside", server_.data_root() / "link");
  v1::CreateDatasetResponse response;
  for (const char* path : {"../state", "/etc", "a/../../state", "link"}) {
    EXPECT_THAT(Create("evil", path, &response),
                IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("leaves the data root")))
        << path;
  }
  EXPECT_THAT(Create("missing", "no-such-folder", &response),
              IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("no-such-folder")));
}

TEST_F(DatasetServiceTest, AnIngestThatIsCancelledLeavesAFailedDataSetThatCanBeMadeAgain) {
  WriteClips("slow", 200);
  v1::CreateDatasetResponse response;
  ASSERT_THAT(Create("slow", "slow", &response), IsRpcOk());
  v1::CancelJobRequest cancel;
  cancel.set_name(response.job());
  v1::CancelJobResponse cancelled;
  const grpc::Status status = Call(*server_.jobs, &v1::JobService::Stub::CancelJob, cancel, &cancelled);
  const v1::Job job = testing::WaitForJob(*server_.jobs, response.job());
  if (!status.ok()) GTEST_SKIP() << "the ingest was over before it could be cancelled";
  ASSERT_EQ(job.state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Get("datasets/slow").state(), v1::DATASET_STATE_FAILED);
  EXPECT_EQ(Ingest("slow", "slow").state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(DatasetServiceTest, AnIngestCannotBePaused) {
  WriteClips("music", 1);
  v1::CreateDatasetResponse response;
  ASSERT_THAT(Create("music", "music", &response), IsRpcOk());
  v1::PauseJobRequest pause;
  pause.set_name(response.job());
  v1::PauseJobResponse paused;
  EXPECT_THAT(Call(*server_.jobs, &v1::JobService::Stub::PauseJob, pause, &paused),
              IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("only a training")));
  testing::WaitForJob(*server_.jobs, response.job());
}

TEST_F(DatasetServiceTest, BadFieldsAreNamed) {
  WriteClips("music", 1);
  v1::CreateDatasetResponse response;
  google::rpc::BadRequest details;
  const grpc::Status status = Create("Bad Id", "music", &response, "(");
  EXPECT_THAT(status, IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("dataset_id")));
  ASSERT_TRUE(testing::ExtractDetail(status, &details));
  EXPECT_EQ(details.field_violations_size(), 2);
  EXPECT_THAT(Create("x", "music", &response, "no-group"),
              IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("group")));
  EXPECT_THAT(Create("x", "", &response), IsRpcError(grpc::StatusCode::INVALID_ARGUMENT, HasSubstr("path")));
}

TEST_F(DatasetServiceTest, ADataSetExistsOnceUnlessItFailed) {
  WriteClips("music", 1);
  Ingest("music", "music");
  v1::CreateDatasetResponse response;
  EXPECT_THAT(Create("music", "music", &response),
              IsRpcError(grpc::StatusCode::ALREADY_EXISTS, HasSubstr("datasets/music")));
  std::filesystem::create_directories(server_.data_root() / "void");
  const v1::Job failed = Ingest("void", "void");
  EXPECT_EQ(failed.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(Get("datasets/void").state(), v1::DATASET_STATE_FAILED);
  WriteClips("void", 1);
  EXPECT_EQ(Ingest("void", "void").state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(DatasetServiceTest, BadAnnotationsFailTheIngestWithLineAndReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"path,rock\nc0.wav,1,0\n", "line 2"},
      {"path,rock\nc0.wav,yes\n", "line 2"},
      {"path,rock\nc0.wav,1\nc0.wav,0\n", "c0.wav"},
      {"c0.wav,1\nc1.wav,0\n", "header"},
      {"", "header"},
  };
  int i = 0;
  for (const auto& [csv, message] : cases) {
    const std::string id = absl::StrCat("bad", i++);
    WriteClips(id, 2);
    testing::WriteFile(server_.data_root() / id / "annotations.csv", csv);
    const v1::Job job = Ingest(id, id);
    EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED) << csv;
    EXPECT_EQ(job.error().code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT))
        << job.error().message();
    EXPECT_THAT(job.error().message(), HasSubstr(message)) << csv;
    EXPECT_FALSE(std::filesystem::exists(server_.state_dir() / "datasets" / id / "cache"));
  }
}

TEST_F(DatasetServiceTest, DeletingAndListing) {
  for (const char* id : {"b", "a", "c"}) {
    WriteClips(id, 1);
    Ingest(id, id);
  }
  v1::ListDatasetsRequest list;
  list.set_page_size(2);
  v1::ListDatasetsResponse page;
  ASSERT_THAT(Call(*server_.datasets, &v1::DatasetService::Stub::ListDatasets, list, &page), IsRpcOk());
  ASSERT_EQ(page.datasets_size(), 2);
  EXPECT_EQ(page.datasets(0).name(), "datasets/a");
  list.set_page_token(page.next_page_token());
  ASSERT_THAT(Call(*server_.datasets, &v1::DatasetService::Stub::ListDatasets, list, &page), IsRpcOk());
  ASSERT_EQ(page.datasets_size(), 1);
  EXPECT_EQ(page.datasets(0).name(), "datasets/c");
  EXPECT_EQ(page.next_page_token(), "");

  v1::DeleteDatasetRequest request;
  request.set_name("datasets/b");
  v1::DeleteDatasetResponse response;
  EXPECT_THAT(Call(*server_.datasets, &v1::DatasetService::Stub::DeleteDataset, request, &response),
              IsRpcOk());
  EXPECT_FALSE(std::filesystem::exists(server_.state_dir() / "datasets" / "b"));
  EXPECT_THAT(Call(*server_.datasets, &v1::DatasetService::Stub::DeleteDataset, request, &response),
              IsRpcError(grpc::StatusCode::NOT_FOUND, HasSubstr("b")));
  EXPECT_TRUE(std::filesystem::exists(server_.data_root() / "b" / "c0.wav"));
}

TEST_F(DatasetServiceTest, AFullDiskFailsTheIngestAndLeavesNoHalfWrittenCache) {
  WriteClips("big", 40);  // 40 x 30000 x 2 bytes = 2.4 MB of cache
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  rlimit small = old;
  small.rlim_cur = 1 << 20;
  std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const v1::Job job = Ingest("big", "big");
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job.error().code(), static_cast<int>(grpc::StatusCode::RESOURCE_EXHAUSTED))
      << job.error().message();
  EXPECT_FALSE(std::filesystem::exists(server_.state_dir() / "datasets" / "big" / "cache"));
  EXPECT_EQ(Ingest("big", "big").state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(DatasetServiceTest, PreviewIsWhatTheChainMakesOfAWindow) {
  v1::PreviewAugmentationRequest request;
  auto* pcm = request.mutable_audio()->mutable_pcm();
  pcm->set_samples(testing::FloatBytes(testing::Sine(440, 0.5, 70000)));
  pcm->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
  pcm->mutable_format()->set_sample_rate_hz(22050);
  auto* effect = request.mutable_augmentation()->add_effects();
  effect->mutable_gain()->set_min_db(-6);
  effect->mutable_gain()->set_max_db(-5.99);
  v1::PreviewAugmentationResponse response;
  const auto preview = &v1::DatasetService::Stub::PreviewAugmentation;
  ASSERT_THAT(Call(*server_.datasets, preview, request, &response), IsRpcOk());
  ASSERT_EQ(response.window().samples().size(), 59049 * sizeof(float));
  ASSERT_EQ(response.applied_effects_size(), 1);
  std::vector<float> samples(59049);
  std::memcpy(samples.data(), response.window().samples().data(), response.window().samples().size());
  EXPECT_NEAR(testing::Rms(samples), 0.5 / std::sqrt(2.0) * std::pow(10, -6.0 / 20), 0.002);
  v1::PreviewAugmentationResponse again;
  ASSERT_THAT(Call(*server_.datasets, preview, request, &again), IsRpcOk());
  EXPECT_EQ(again.window().samples(), response.window().samples());
}

}  // namespace
}  // namespace timbre
