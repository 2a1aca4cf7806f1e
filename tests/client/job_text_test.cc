#include "client/cli/job_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;

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
