// The whole loop on a few synthesised clips: data sets, training, probe, promote, embed and tag.
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

class FullLoopTest : public ::testing::Test {
 protected:
  void CreateDataset(const std::string& id) {
    v1::CreateDatasetRequest request;
    request.set_dataset_id(id);
    request.set_path(id);
    v1::CreateDatasetResponse response;
    ASSERT_THAT(Call(*server_.datasets, &v1::DatasetService::Stub::CreateDataset, request, &response),
                IsRpcOk());
    ASSERT_EQ(testing::WaitForJob(*server_.jobs, response.job()).state(), v1::JOB_STATE_SUCCEEDED);
  }

  v1::Job RunJob(const v1::SubmitJobRequest& request) {
    v1::SubmitJobResponse response;
    EXPECT_THAT(Call(*server_.jobs, &v1::JobService::Stub::SubmitJob, request, &response), IsRpcOk());
    return testing::WaitForJob(*server_.jobs, response.job().name());
  }

  v1::SubmitJobRequest Probe(const std::string& version) {
    v1::SubmitJobRequest request;
    auto* spec = request.mutable_job()->mutable_linear_probe();
    spec->set_model_version(version);
    spec->set_train_dataset("datasets/train");
    spec->set_test_dataset("datasets/test");
    return request;
  }

  // Maps are for GetJob: many of them would not fit into one answer.
  void CheckListsWithoutMaps() {
    v1::ListJobsResponse jobs;
    EXPECT_THAT(Call(*server_.jobs, &v1::JobService::Stub::ListJobs, v1::ListJobsRequest(), &jobs),
                IsRpcOk());
    for (const v1::Job& job : jobs.jobs()) EXPECT_FALSE(job.linear_probe_result().has_map());
    v1::ListModelsResponse models;
    EXPECT_THAT(Call(*server_.models, &v1::ModelService::Stub::ListModels, v1::ListModelsRequest(), &models),
                IsRpcOk());
    const auto& taggers = models.models(0).versions(0).taggers();
    ASSERT_EQ(taggers.size(), 2);
    EXPECT_FALSE(taggers[1].evaluation().has_map());
    EXPECT_EQ(taggers[1].evaluation().trained().tags_size(), 2);
  }

  testing::InProcessServer server_;
};

TEST_F(FullLoopTest, TrainProbePromoteEmbedTagAndRestart) {
  testing::WriteTinyCorpus(server_.data_root(), "train", 8);
  testing::WriteTinyCorpus(server_.data_root(), "test", 4);
  server_.Start();
  CreateDataset("train");
  CreateDataset("test");

  v1::SubmitJobRequest training;
  auto* spec = training.mutable_job()->mutable_ssl_training();
  spec->set_dataset("datasets/train");
  spec->set_model("models/loop");
  spec->mutable_training_config()->set_batch_tracks(4);
  spec->mutable_training_config()->set_steps(3);
  const v1::Job trained = RunJob(training);
  ASSERT_EQ(trained.state(), v1::JOB_STATE_SUCCEEDED) << trained.error().message();
  const std::string version = trained.ssl_training_result().model_version();

  const v1::Job probed = RunJob(Probe(version));
  ASSERT_EQ(probed.state(), v1::JOB_STATE_SUCCEEDED) << probed.error().message();
  const v1::LinearProbeResult& result = probed.linear_probe_result();
  ASSERT_EQ(result.trained().tags_size(), 2);
  EXPECT_EQ(result.trained().tags(0).tag(), "low");
  EXPECT_EQ(result.trained().test_clip_count(), 4);
  EXPECT_GT(result.untrained().mean_average_precision(), 0);
  EXPECT_GT(result.log_mel().mean_average_precision(), 0);
  EXPECT_GT(result.knn().mean_average_precision(), 0);
  EXPECT_TRUE(result.trained().has_mean_roc_auc_interval());
  EXPECT_EQ(result.map().points_size(), 4);
  EXPECT_EQ(probed.linear_probe().probe_config().max_epochs(), 500);

  v1::SubmitJobRequest hidden = Probe(version);
  auto* config = hidden.mutable_job()->mutable_linear_probe()->mutable_probe_config();
  config->mutable_mlp()->set_hidden_unit_count(16);
  config->add_label_fractions(0.5);
  config->set_max_epochs(20);
  config->mutable_baselines()->set_untrained(false);
  const v1::Job with_hidden = RunJob(hidden);
  ASSERT_EQ(with_hidden.state(), v1::JOB_STATE_SUCCEEDED) << with_hidden.error().message();
  EXPECT_EQ(with_hidden.linear_probe_result().label_fractions(0).train_track_count(), 4);
  CheckListsWithoutMaps();

  v1::TagRequest tag;
  auto* pcm = tag.mutable_audio()->mutable_pcm();
  pcm->set_samples(testing::FloatBytes(testing::WhiteNoise(0.2, 62000, 99)));
  pcm->mutable_format()->set_sample_format(v1::SAMPLE_FORMAT_FLOAT32);
  pcm->mutable_format()->set_sample_rate_hz(22050);
  v1::TagResponse tags;
  EXPECT_THAT(Call(*server_.inference, &v1::InferenceService::Stub::Tag, tag, &tags),
              IsRpcError(grpc::StatusCode::FAILED_PRECONDITION, HasSubstr("promote")));
  v1::SetLabelRequest promote;
  promote.set_model_version(version);
  v1::SetLabelResponse promoted;
  ASSERT_THAT(Call(*server_.models, &v1::ModelService::Stub::SetLabel, promote, &promoted), IsRpcOk());
  ASSERT_THAT(Call(*server_.inference, &v1::InferenceService::Stub::Tag, tag, &tags), IsRpcOk());
  EXPECT_EQ(tags.tags_size(), 2);
  EXPECT_EQ(tags.tagger(), with_hidden.linear_probe_result().tagger());
  for (const v1::TagScore& score : tags.tags()) {
    const auto& evaluations = with_hidden.linear_probe_result().trained().tags();
    const auto& evaluation = evaluations[0].tag() == score.tag() ? evaluations[0] : evaluations[1];
    EXPECT_FLOAT_EQ(score.threshold(), static_cast<float>(evaluation.threshold()));
    EXPECT_EQ(score.predicted(), score.probability() >= score.threshold());
  }
  EXPECT_EQ(tags.model().embedding_space_id(), trained.ssl_training_result().embedding_space_id());

  server_.Stop();
  server_.Start();
  v1::TagResponse again;
  ASSERT_THAT(Call(*server_.inference, &v1::InferenceService::Stub::Tag, tag, &again), IsRpcOk());
  EXPECT_EQ(again.model().embedding_space_id(), tags.model().embedding_space_id());
  EXPECT_EQ(again.tagger(), tags.tagger());
  EXPECT_FLOAT_EQ(again.tags(0).probability(), tags.tags(0).probability());
}

}  // namespace
}  // namespace timbre
