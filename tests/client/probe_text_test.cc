#include "client/cli/probe_text.h"

#include <gmock/gmock.h>

#include <cmath>

namespace timbre::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void AddTag(v1::ProbeEvaluation& evaluation, const std::string& name, double score, bool counted) {
  auto* tag = evaluation.add_tags();
  tag->set_tag(name);
  tag->set_train_positive_count(40);
  tag->set_test_positive_count(counted ? 9 : 0);
  tag->set_average_precision(counted ? score : std::nan(""));
  tag->set_roc_auc(counted ? score : std::nan(""));
  tag->set_f1(counted ? score : std::nan(""));
  tag->set_threshold(0.5);
  tag->set_counted(counted);
}

void Fill(v1::ProbeEvaluation& evaluation, double score) {
  AddTag(evaluation, "drums", score, true);
  AddTag(evaluation, "kazoo", score, false);
  evaluation.set_mean_average_precision(score);
  evaluation.set_mean_roc_auc(score);
  evaluation.mutable_mean_average_precision_interval()->set_low(score - 0.05);
  evaluation.mutable_mean_average_precision_interval()->set_high(score + 0.05);
  evaluation.set_features("raw");
  evaluation.set_train_clip_count(85);
  evaluation.set_validation_clip_count(15);
  evaluation.set_test_clip_count(30);
}

v1::LinearProbeResult Result() {
  v1::LinearProbeResult result;
  Fill(*result.mutable_trained(), 0.8125);
  Fill(*result.mutable_untrained(), 0.25);
  Fill(*result.mutable_log_mel(), 0.5);
  Fill(*result.mutable_knn(), 0.75);
  result.mutable_bootstrap()->set_resample_count(1000);
  result.mutable_bootstrap()->set_confidence(0.95);
  return result;
}

TEST(ProbeTextTest, TheTrainedEncoderStandsBesideTheBaselinesWithIntervals) {
  EXPECT_THAT(ProbeText(Result()),
              HasSubstr("                    MEAN AP   95 % INTERVAL  MEAN ROC-AUC  95 % INTERVAL  FEATURES\n"
                        "trained encoder       0.812  0.762 to 0.863         0.812              -  raw\n"
                        "untrained encoder     0.250  0.200 to 0.300         0.250              -  raw\n"
                        "log-mel statistics    0.500  0.450 to 0.550         0.500              -  raw\n"
                        "nearest neighbours    0.750  0.700 to 0.800         0.750              -  raw\n"));
}

TEST(ProbeTextTest, EachTagHasALineAndWhatIsNotCountedIsMarked) {
  EXPECT_THAT(ProbeText(Result()),
              HasSubstr("TAG      TRAIN  TEST     AP  UNTRAINED  LOG-MEL    KNN  ROC-AUC  THRESHOLD     F1\n"
                        "drums       40     9  0.812      0.250    0.500  0.750    0.812      0.500  0.812\n"
                        "kazoo *     40     0      -          -        -      -        -      0.500      -\n"
                        "* not part of the means"));
}

TEST(ProbeTextTest, WhatWasNotAskedForIsLeftOut) {
  v1::LinearProbeResult result;
  Fill(*result.mutable_trained(), 0.5);
  const std::string text = ProbeText(result);
  EXPECT_THAT(text, Not(HasSubstr("untrained")));
  EXPECT_THAT(text, Not(HasSubstr("KNN")));
  EXPECT_THAT(text, Not(HasSubstr("LABELS")));
}

TEST(ProbeTextTest, LabelFractionsAreATable) {
  v1::LinearProbeResult result = Result();
  auto* fraction = result.add_label_fractions();
  fraction->set_fraction(0.1);
  fraction->set_train_track_count(12);
  Fill(*fraction->mutable_evaluation(), 0.5);
  EXPECT_THAT(ProbeText(result),
              HasSubstr("LABELS  TRACKS  CLIPS  MEAN AP   95 % INTERVAL  MEAN ROC-AUC  95 % INTERVAL\n"
                        "  10 %      12    100    0.500  0.450 to 0.550         0.500              -\n"));
}

}  // namespace
}  // namespace timbre::cli
