#include "core/pipeline/probe_run.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "core/model/encoder_module.h"
#include "tests/core/pipeline/pipeline_fixture.h"

namespace timbre::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
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
                                       const base::CancelToken& cancel = {},
                                       const probe::ProbeConfig& config = {.max_epochs = 30}) {
    ProbeRunRequest request;
    request.job = "jobs/probe";
    request.model = "tiny";
    request.version = 1;
    request.encoder.device = "cpu";
    request.config = config;
    const auto on_progress = [this](const ProbeProgress& progress) {
      if (phases_.empty() || phases_.back() != progress.phase) phases_.push_back(progress.phase);
      EXPECT_LE(progress.done, progress.total);
    };
    const auto evaluation = [](const ProbeFindings& findings) {
      return "evaluation of " + std::to_string(findings.tags.size()) + " tags";
    };
    return RunProbe(request, train, test, *models_, cancel, on_progress, evaluation);
  }

  std::vector<std::string> phases_;
};

TEST_F(ProbeRunTest, AnotherLayerThanTheVersionServesIsJudgedButMakesNoTagger) {
  torch::manual_seed(7);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, model::MakeEncoder({}));
  registry::ModelStore::NewVersion version;
  version.model = "tiny";
  version.encoder = model::ExportTensors(*encoder);
  version.projector["0.weight"] = {.shape = {24, 512}, .values = std::vector<float>(24 * 512, 0.01F)};
  for (size_t i = 0; i < version.projector["0.weight"].values.size(); i += 7) {
    version.projector["0.weight"].values[i] = -0.02F;
  }
  ASSERT_THAT(models_->Publish(version), IsOk());
  const auto train = Corpus("train", 8);
  const auto test = Corpus("test", 4);
  probe::ProbeConfig config{.max_epochs = 5};
  config.baselines = {.untrained = true, .log_mel = false, .knn = false};
  config.embedding_layer = "projector.1";
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeRunResult result, Probe(*train, *test, {}, config));
  EXPECT_EQ(result.findings.trained.head.at("weight").shape, (std::vector<int64_t>{2, 24}));
  EXPECT_TRUE(result.tagger.id.empty());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const registry::Version found, models_->GetVersion("tiny", 1));
  EXPECT_THAT(found.taggers, IsEmpty());
  config.embedding_layer = "projector.2";
  EXPECT_THAT(Probe(*train, *test, {}, config),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("projector.2")));
  config.embedding_layer = "encoder";
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeRunResult served, Probe(*train, *test, {}, config));
  EXPECT_FALSE(served.tagger.id.empty());
}

TEST_F(ProbeRunTest, AProbeJudgesBothEncodersAndAttachesATagger) {
  PublishFresh();
  const auto train = Corpus("train", 8);
  const auto test = Corpus("test", 4);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeRunResult result, Probe(*train, *test));
  EXPECT_THAT(phases_, ElementsAre("embed trained train", "embed trained test", "fit trained",
                                   "vote of neighbours", "embed untrained train", "embed untrained test",
                                   "fit untrained", "log-mel train", "log-mel test", "fit log-mel"));
  const ProbeFindings& findings = result.findings;
  ASSERT_EQ(findings.trained.tags.size(), 2U);
  EXPECT_EQ(findings.trained.tags[0].tag, "low");
  // Tones and noise are told apart by any encoder, and by none.
  EXPECT_GT(findings.trained.mean_average_precision, 0.9);
  EXPECT_GT(findings.untrained->mean_roc_auc, 0.9);
  EXPECT_GT(findings.log_mel->mean_roc_auc, 0.9);
  EXPECT_GT(findings.knn->mean_roc_auc, 0.9);
  EXPECT_EQ(findings.trained.test_clips, 4);
  EXPECT_EQ(findings.test_tracks, 4);
  EXPECT_THAT(findings.label_fractions, IsEmpty());
  ASSERT_EQ(findings.map->clips.size(), 4U);
  EXPECT_EQ(findings.map->clips[1].path, "test1.wav");
  EXPECT_THAT(findings.map->clips[1].labels, ElementsAre(0, 1));

  TIMBRE_ASSERT_OK_AND_ASSIGN(const registry::Version version, models_->GetVersion("tiny", 1));
  ASSERT_EQ(version.taggers.size(), 1U);
  const registry::Tagger& tagger = version.taggers[0];
  EXPECT_EQ(tagger.id, result.tagger.id);
  EXPECT_THAT(tagger.tags, ElementsAre("low", "noise"));
  EXPECT_EQ(tagger.job, "jobs/probe");
  EXPECT_EQ(tagger.mean_average_precision, findings.trained.mean_average_precision);
  EXPECT_EQ(tagger.evaluation, "evaluation of 2 tags");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto head, models_->ReadTaggerHead("tiny", 1, tagger.id));
  EXPECT_EQ(head, findings.trained.head);
}

TEST_F(ProbeRunTest, AHeadOfTwoLayersIsAttachedAndWhatIsTurnedOffIsLeftOut) {
  PublishFresh();
  probe::ProbeConfig config{.max_epochs = 5, .mlp = probe::MlpConfig{8, 0}, .label_fractions = {0.5}};
  config.baselines = {.untrained = false, .log_mel = false, .knn = false};
  config.bootstrap.resamples = 0;
  config.map_points = 0;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeRunResult result,
                              Probe(*Corpus("train", 8), *Corpus("test", 4), {}, config));
  EXPECT_THAT(phases_,
              ElementsAre("embed trained train", "embed trained test", "fit trained", "fit label fractions"));
  const ProbeFindings& findings = result.findings;
  EXPECT_FALSE(findings.untrained || findings.log_mel || findings.knn || findings.map);
  ASSERT_EQ(findings.label_fractions.size(), 1U);
  EXPECT_EQ(findings.label_fractions[0].tracks, 4);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto head, models_->ReadTaggerHead("tiny", 1, result.tagger.id));
  EXPECT_EQ(head.at("layer.0.weight").shape, (std::vector<int64_t>{8, 512}));
  EXPECT_EQ(head.at("layer.1.weight").shape, (std::vector<int64_t>{2, 8}));
}

TEST_F(ProbeRunTest, BaselinesChooseTheirFeaturesWhateverTheTrainedEncoderIsHeldTo) {
  PublishFresh();
  const probe::ProbeConfig config{.max_epochs = 30, .features = probe::Features::kL2Normalized};
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeRunResult result,
                              Probe(*Corpus("train", 8), *Corpus("test", 4), {}, config));
  EXPECT_EQ(result.findings.trained.features, probe::Features::kL2Normalized);
  EXPECT_NE(result.findings.untrained->features, probe::Features::kL2Normalized);
  EXPECT_NE(result.findings.log_mel->features, probe::Features::kL2Normalized);
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
