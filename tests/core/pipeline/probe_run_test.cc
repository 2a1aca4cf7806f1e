#include "core/pipeline/probe_run.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "core/model/encoder_module.h"
#include "tests/core/pipeline/pipeline_fixture.h"

namespace timbre::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

class ProbeRunTest : public PipelineTest {
 protected:
  // A version with weights as an untrained encoder has them.
  void PublishFresh() {
    torch::manual_seed(7);
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, model::MakeEncoder({}));
    registry::ModelStore::NewVersion version;
    version.model = "tiny";
    version.encoder = model::ExportTensors(*encoder);
    ASSERT_THAT(models_->Publish(version), IsOk());
  }

  absl::StatusOr<ProbeRunResult> Probe(const dataset::ClipDataset& train, const dataset::ClipDataset& test,
                                       const base::CancelToken& cancel = {}) {
    ProbeRunRequest request;
    request.job = "jobs/probe";
    request.model = "tiny";
    request.version = 1;
    request.device = "cpu";
    request.config.max_epochs = 30;
    const auto on_progress = [this](const ProbeProgress& progress) {
      if (phases_.empty() || phases_.back() != progress.phase) phases_.push_back(progress.phase);
      EXPECT_LE(progress.done, progress.total);
    };
    const auto evaluation = [](const probe::ProbeResult& trained, const probe::ProbeResult& untrained) {
      return "evaluation of " + std::to_string(trained.tags.size() + untrained.tags.size()) + " tags";
    };
    return RunProbe(request, train, test, *models_, cancel, on_progress, evaluation);
  }

  std::vector<std::string> phases_;
};

TEST_F(ProbeRunTest, AProbeJudgesBothEncodersAndAttachesATagger) {
  PublishFresh();
  const auto train = Corpus("train", 8);
  const auto test = Corpus("test", 4);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeRunResult result, Probe(*train, *test));
  EXPECT_THAT(phases_, ElementsAre("embed trained train", "embed trained test", "fit trained",
                                   "embed untrained train", "embed untrained test", "fit untrained"));
  ASSERT_EQ(result.trained.tags.size(), 2U);
  EXPECT_EQ(result.trained.tags[0].tag, "low");
  // Tones and noise are told apart by any encoder.
  EXPECT_GT(result.trained.mean_average_precision, 0.9);
  EXPECT_GT(result.untrained.mean_roc_auc, 0.9);
  EXPECT_EQ(result.trained.test_clips, 4);

  TIMBRE_ASSERT_OK_AND_ASSIGN(const registry::Version version, models_->GetVersion("tiny", 1));
  ASSERT_EQ(version.taggers.size(), 1U);
  const registry::Tagger& tagger = version.taggers[0];
  EXPECT_EQ(tagger.id, result.tagger.id);
  EXPECT_THAT(tagger.tags, ElementsAre("low", "noise"));
  EXPECT_EQ(tagger.job, "jobs/probe");
  EXPECT_EQ(tagger.mean_average_precision, result.trained.mean_average_precision);
  EXPECT_EQ(tagger.evaluation, "evaluation of 4 tags");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto head, models_->ReadTaggerHead("tiny", 1, tagger.id));
  EXPECT_EQ(head, result.trained.head);
}

TEST_F(ProbeRunTest, WhatWouldNotBeAnHonestTestIsRefused) {
  PublishFresh();
  const auto train = Corpus("train", 4);
  EXPECT_THAT(Probe(*train, *train), StatusIs(absl::StatusCode::kFailedPrecondition,
                                              AllOf(HasSubstr("4 track(s)"), HasSubstr("train0"))));

  timbre::testing::WriteTinyCorpus(dir_.path(), "other", 2);
  timbre::testing::WriteFile(dir_ / "other" / "annotations.csv", "path,noise,low\nother0.wav,0,1\n");
  EXPECT_THAT(Probe(*train, *Ingest("other")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("noise,low")));

  timbre::testing::WriteTinyCorpus(dir_.path(), "plain", 2);
  std::filesystem::remove(dir_ / "plain" / "annotations.csv");
  EXPECT_THAT(Probe(*train, *Ingest("plain")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("annotations.csv")));
  EXPECT_TRUE(models_->GetVersion("tiny", 1)->taggers.empty());
}

TEST_F(ProbeRunTest, AnUnknownVersionAndACancelEndItWithoutATagger) {
  const auto train = Corpus("train", 4);
  const auto test = Corpus("test", 2);
  EXPECT_THAT(Probe(*train, *test), StatusIs(absl::StatusCode::kNotFound));
  PublishFresh();
  base::CancelSource source;
  source.Cancel(absl::CancelledError("not now"));
  EXPECT_THAT(Probe(*train, *test, source.token()), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(models_->GetVersion("tiny", 1)->taggers.empty());
}

}  // namespace
}  // namespace timbre::pipeline
