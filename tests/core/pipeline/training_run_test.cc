#include "core/pipeline/training_run.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "core/pipeline/open_encoder.h"
#include "tests/core/pipeline/pipeline_fixture.h"

namespace timbre::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

struct Recorder final : train::Observer {
  void OnStep(const train::StepReport& report) override {
    steps.push_back(report.step);
    if (cancel_at == report.step) source.Cancel(absl::CancelledError("paused"));
  }
  void OnResumed(int64_t step) override { resumed_at = step; }
  std::vector<int64_t> steps;
  int64_t resumed_at = 0;
  int64_t cancel_at = -1;
  base::CancelSource source;
};

class TrainingRunTest : public PipelineTest {};

TEST_F(TrainingRunTest, ATrainingPublishesAVersionThatTellsWhereItIsFrom) {
  const auto data = Corpus("pretrain", 4);
  Recorder recorder;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TrainingRunResult result,
                              RunTraining(TinyTraining("jobs-1"), data, *models_, recorder, {}));
  EXPECT_THAT(recorder.steps, ElementsAre(1, 2, 3));
  EXPECT_EQ(result.steps, 3);
  EXPECT_GT(result.first_loss, 0);
  const weights::ModelCard& card = result.version.card;
  EXPECT_EQ(result.version.model, "tiny");
  EXPECT_EQ(result.version.version, 1);
  EXPECT_EQ(card.dataset, "datasets/pretrain");
  EXPECT_EQ(card.dataset_digest, data->digest());
  EXPECT_EQ(card.job, "jobs-1");
  EXPECT_EQ(card.seed, 42U);
  EXPECT_EQ(card.steps, 3);
  EXPECT_EQ(card.training_config, "batch_tracks: 2");
  EXPECT_THAT(card.build, AllOf(HasSubstr("timbre "), HasSubstr("LibTorch ")));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, models_->ReadEncoder("tiny", 1));
  EXPECT_EQ(weights::DigestTensors(encoder), card.weights_digest);
}

TEST_F(TrainingRunTest, AStoppedTrainingGoesOnAndEndsWithTheSameWeights) {
  const auto data = Corpus("pretrain", 4);
  TrainingRunRequest request = TinyTraining("jobs-1");
  request.runtime.torch_threads = 1;
  Recorder whole;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto expected, RunTraining(request, data, *models_, whole, {}));

  request.job = "jobs-2";
  request.work_dir = dir_ / "jobs-2";
  Recorder stopped;
  stopped.cancel_at = 2;
  EXPECT_THAT(RunTraining(request, data, *models_, stopped, stopped.source.token()),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("paused")));
  Recorder resumed;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto actual, RunTraining(request, data, *models_, resumed, {}));
  EXPECT_EQ(resumed.resumed_at, 2);
  EXPECT_THAT(resumed.steps, ElementsAre(3));
  EXPECT_EQ(actual.version.card.weights_digest, expected.version.card.weights_digest);
  EXPECT_EQ(actual.version.version, 2);

  // Run again, as after a crash between the publish and the job's end: the same version, not a third.
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto again, RunTraining(request, data, *models_, resumed, {}));
  EXPECT_EQ(again.version.version, 2);
}

TEST_F(TrainingRunTest, TheWeightsDoNotDependOnTheNumberOfLoaderWorkers) {
  const auto data = Corpus("pretrain", 4);
  std::string digest;
  for (int workers : {1, 2, 4}) {
    TrainingRunRequest request = TinyTraining(absl::StrCat("jobs-", workers));
    request.config.architecture = "sample_cnn_tiny";
    request.config.steps = 8;
    request.runtime.loader_workers = workers;
    Recorder recorder;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto result, RunTraining(request, data, *models_, recorder, {}));
    if (digest.empty()) digest = result.version.card.weights_digest;
    EXPECT_EQ(result.version.card.weights_digest, digest) << workers << " workers";
  }
}

TEST_F(TrainingRunTest, AVersionServesTheLayerThatTheConfigNames) {
  const auto data = Corpus("pretrain", 4);
  TrainingRunRequest request = TinyTraining("jobs-1");
  request.config.architecture = "sample_cnn_tiny";
  request.config.projector_hidden_dim = 48;
  request.config.embedding_layer = "projector.1";
  Recorder recorder;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto result, RunTraining(request, data, *models_, recorder, {}));
  EXPECT_EQ(result.version.card.embedding_layer, "projector.1");
  EXPECT_EQ(result.version.card.embedding_dim, 48);
  const EncoderOptions on_cpu = {.device = "cpu"};
  for (const auto& [layer, dim] :
       {std::pair<std::string, int64_t>{"", 48}, {"encoder", 64}, {"projector.1", 48}, {"projector.2", 64}}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, OpenEncoder(*models_, result.version, layer, on_cpu));
    EXPECT_EQ(encoder->embedding_dim(), dim) << layer;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto fresh,
                                OpenUntrainedEncoder(*models_, result.version, layer, 1, on_cpu));
    EXPECT_EQ(fresh->embedding_dim(), dim) << layer;
  }
  EXPECT_THAT(OpenEncoder(*models_, result.version, "projector.3", on_cpu),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("projector.3")));
}

TEST_F(TrainingRunTest, BatchesOfClipsAndSeveralUnitsAreTaken) {
  const auto data = Corpus("pretrain", 4);
  TrainingRunRequest request = TinyTraining("jobs-1");
  request.config.architecture = "sample_cnn_tiny";
  request.config.batch_unit = dataset::BatchUnit::kClip;
  request.config.optimizer.accumulation_steps = 2;
  Recorder recorder;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto result, RunTraining(request, data, *models_, recorder, {}));
  EXPECT_EQ(result.steps, 3);
}

TEST_F(TrainingRunTest, WhatCannotBeTrainedIsRefusedAndNothingIsPublished) {
  const auto data = Corpus("pretrain", 4);
  Recorder recorder;
  TrainingRunRequest request = TinyTraining("jobs-1");
  request.config.batch_tracks = 5;
  EXPECT_THAT(RunTraining(request, data, *models_, recorder, {}),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("4"), HasSubstr("5"))));
  request = TinyTraining("jobs-1");
  request.config.steps = 0;
  EXPECT_THAT(RunTraining(request, data, *models_, recorder, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("steps")));
  EXPECT_THAT(models_->GetModel("tiny"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace timbre::pipeline
