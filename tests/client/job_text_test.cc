#include "client/cli/job_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;

void AddTag(v1::ProbeEvaluation& evaluation, const std::string& name, double score, bool counted) {
  auto* tag = evaluation.add_tags();
  tag->set_tag(name);
  tag->set_train_positive_count(40);
  tag->set_test_positive_count(counted ? 9 : 0);
  tag->set_average_precision(counted ? score : std::nan(""));
  tag->set_roc_auc(counted ? score : std::nan(""));
  tag->set_counted(counted);
}

v1::LinearProbeResult Result() {
  v1::LinearProbeResult result;
  result.set_tagger("models/m/versions/1/taggers/t");
  for (auto* evaluation : {result.mutable_trained(), result.mutable_untrained()}) {
    const double score = evaluation == result.mutable_trained() ? 0.8125 : 0.25;
    AddTag(*evaluation, "drums", score, true);
    AddTag(*evaluation, "kazoo", score, false);
    evaluation->set_mean_average_precision(score);
    evaluation->set_mean_roc_auc(score);
    evaluation->set_features("raw");
    evaluation->set_train_clip_count(85);
    evaluation->set_validation_clip_count(15);
    evaluation->set_test_clip_count(30);
  }
  return result;
}

TEST(JobTextTest, AProbeShowsTrainedBesideUntrained) {
  EXPECT_THAT(ProbeTable(Result()), HasSubstr("TAG      TRAIN  TEST     AP  UNTRAINED  ROC-AUC  UNTRAINED\n"
                                              "drums       40     9  0.812      0.250    0.812      0.250\n"
                                              "kazoo *     40     0      -          -        -          -\n"
                                              "mean       100    30  0.812      0.250    0.812      0.250\n"
                                              "* not part of the means"));
}

TEST(JobTextTest, AFinishedTrainingSaysWhatToDoNext) {
  std::ostringstream ignored;
  v1::Job job;
  job.set_name("jobs/j1");
  job.set_state(v1::JOB_STATE_SUCCEEDED);
  job.mutable_ssl_training_result()->set_model_version("models/m/versions/3");
  const std::string text = OutcomeText({.out = ignored, .err = ignored}, job);
  EXPECT_THAT(text, HasSubstr("jobs/j1 SUCCEEDED"));
  EXPECT_THAT(text, HasSubstr("timbre promote m/3"));
}

TEST(JobTextTest, AFailedJobSaysWhy) {
  std::ostringstream ignored;
  v1::Job job;
  job.set_name("jobs/j1");
  job.set_state(v1::JOB_STATE_FAILED);
  job.mutable_error()->set_message("the disk is full");
  EXPECT_EQ(OutcomeText({.out = ignored, .err = ignored}, job), "jobs/j1 FAILED: the disk is full\n");
}

TEST(JobTextTest, AListHasALineForEachJob) {
  v1::Job job;
  job.set_name("jobs/j7");
  job.mutable_ssl_training()->set_dataset("datasets/songs");
  job.mutable_ssl_training()->set_model("models/m");
  job.set_state(v1::JOB_STATE_RUNNING);
  job.set_step(3);
  job.set_step_count(10);
  EXPECT_THAT(JobTable({job}), HasSubstr("j7   training  RUNNING   3/10           songs -> m\n"));
}

}  // namespace
}  // namespace timbre::cli
