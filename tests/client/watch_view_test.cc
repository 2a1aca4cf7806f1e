#include "client/cli/watch_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class WatchViewTest : public ::testing::Test {
 protected:
  WatchViewTest() {
    console_.now = [this] { return now_; };
  }

  v1::JobEvent Progress(int64_t step, int64_t second) {
    v1::JobEvent event;
    event.mutable_event_time()->set_seconds(second);
    event.mutable_training_progress()->set_step(step);
    event.mutable_training_progress()->set_step_count(100);
    return event;
  }

  size_t Count(const std::string& what) const {
    size_t count = 0;
    const std::string text = out_.str();
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }

  std::ostringstream out_;
  std::ostringstream err_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  Console console_{.out = out_, .err = err_};
};

TEST_F(WatchViewTest, ALogTellsTheObjectivesFiguresToo) {
  WatchView view(console_, "j1");
  v1::JobEvent event = Progress(1, 1000);
  event.mutable_training_progress()->set_learning_rate(3e-4);
  event.mutable_training_progress()->set_uniformity(-2.5);
  auto& diagnostic = *event.mutable_training_progress()->add_diagnostics();
  diagnostic.set_name("positive_similarity");
  diagnostic.set_value(0.75);
  view.OnEvent(event);
  view.Close();
  EXPECT_THAT(out_.str(), HasSubstr("lr 0.0003"));
  EXPECT_THAT(out_.str(), HasSubstr("uniform -2.500"));
  EXPECT_THAT(out_.str(), HasSubstr("positive_similarity 0.750"));
}

TEST_F(WatchViewTest, ALogGetsALineEachTenSecondsOfTheJob) {
  WatchView view(console_, "j1");
  for (int64_t step = 1; step <= 99; ++step) view.OnEvent(Progress(step, 1000 + step / 4));
  view.Close();
  EXPECT_EQ(Count("\n"), 3u) << out_.str();
  EXPECT_THAT(out_.str(), Not(HasSubstr("\r")));
}

TEST_F(WatchViewTest, TheLastStepIsAlwaysSaid) {
  WatchView view(console_, "j1");
  view.OnEvent(Progress(1, 1000));
  view.OnEvent(Progress(100, 1001));
  EXPECT_THAT(out_.str(), HasSubstr("100%"));
}

TEST_F(WatchViewTest, ATerminalGetsABarThatIsDrawnOverItself) {
  console_.live = true;
  WatchView view(console_, "j1");
  for (int64_t step = 1; step <= 50; ++step) {
    now_ += absl::Milliseconds(10);
    view.OnEvent(Progress(step, 1000));
  }
  EXPECT_EQ(Count("\n"), 0u);
  EXPECT_EQ(Count("\r"), 10u);
  view.Close();
  EXPECT_EQ(Count("\n"), 1u);
  EXPECT_THAT(out_.str(), HasSubstr("50/100"));
}

TEST_F(WatchViewTest, AWarningStandsAboveTheBar) {
  console_.live = true;
  WatchView view(console_, "j1");
  view.OnEvent(Progress(3, 1000));
  v1::JobEvent warning;
  warning.mutable_health_warning()->set_problem(v1::HEALTH_PROBLEM_COLLAPSE);
  warning.mutable_health_warning()->set_step(3);
  warning.mutable_health_warning()->set_message("all embeddings are alike");
  view.OnEvent(warning);
  EXPECT_THAT(out_.str(),
              HasSubstr("\r\x1b[Kwarning: step 3 COLLAPSE: all embeddings are alike\n\r\x1b[Kj1 ["));
}

TEST_F(WatchViewTest, AFailureSaysWhy) {
  WatchView view(console_, "j1");
  v1::JobEvent event;
  event.mutable_state_changed()->set_state(v1::JOB_STATE_FAILED);
  event.mutable_state_changed()->mutable_error()->set_message("the loss is not finite");
  view.OnEvent(event);
  EXPECT_EQ(out_.str(), "j1 FAILED: the loss is not finite\n");
}

TEST_F(WatchViewTest, ALostConnectionIsSaidOnceAndThatItIsBack) {
  WatchView view(console_, "j1");
  for (int i = 0; i < 3; ++i) {
    view.OnReconnect(absl::UnavailableError("connection reset"), absl::Milliseconds(1500));
  }
  EXPECT_EQ(out_.str(),
            "warning: connection lost (connection reset), trying again in 1.5 s and from then on\n");
  view.OnEvent(Progress(1, 1000));
  EXPECT_EQ(Count("j1 connected again\n"), 1u);
  view.OnEvent(Progress(2, 1000));
  EXPECT_EQ(Count("connected again"), 1u);
}

TEST_F(WatchViewTest, AnIngestTellsTheLengthOfItsAudio) {
  WatchView view(console_, "j3");
  v1::JobEvent event;
  event.mutable_phase_progress()->set_phase("decode");
  event.mutable_phase_progress()->set_done_count(2);
  event.mutable_phase_progress()->set_total_count(8);
  event.mutable_phase_progress()->mutable_ingest()->set_audio_seconds(123);
  view.OnEvent(event);
  EXPECT_THAT(out_.str(), HasSubstr("j3 decode  25%  2/8  2m03s of audio"));
}

TEST_F(WatchViewTest, EachPhaseOfAProbeBeginsALine) {
  WatchView view(console_, "j2");
  v1::JobEvent event;
  event.mutable_phase_progress()->set_phase("embed train");
  event.mutable_phase_progress()->set_total_count(10);
  view.OnEvent(event);
  event.mutable_phase_progress()->set_phase("fit");
  view.OnEvent(event);
  EXPECT_THAT(out_.str(), HasSubstr("j2 embed train   0%"));
  EXPECT_THAT(out_.str(), HasSubstr("j2 fit   0%"));
}

}  // namespace
}  // namespace timbre::cli
