#include "core/probe/head_probe.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "core/probe/metrics.h"
#include "core/weights/tag_head.h"
#include "tests/core/probe/made_embeddings.h"
#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

const std::vector<std::string> kTags = {"drums", "guitar", "piano"};

absl::StatusOr<ProbeResult> Fit(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                const ProbeConfig& config = {},
                                const std::vector<std::string>& tags = kTags) {
  return RunHeadProbe(train, test, tags, config, base::CancelToken(), nullptr);
}

TEST(HeadProbeTest, ItLearnsWhatIsLinear) {
  const auto train = Make({.count = 400, .seed = 1}, 3);
  const auto test = Make({.count = 200, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test));
  EXPECT_GT(result.mean_average_precision, 0.9);
  EXPECT_GT(result.mean_roc_auc, 0.95);
  EXPECT_EQ(result.train_clips + result.validation_clips, 400);
  EXPECT_EQ(result.validation_clips, 60);
  EXPECT_EQ(result.test_clips, 200);
  ASSERT_EQ(result.tags.size(), 3U);
  for (size_t t = 0; t < 3; ++t) {
    EXPECT_EQ(result.tags[t].tag, kTags[t]);
    EXPECT_TRUE(result.tags[t].counted);
  }
}

TEST(HeadProbeTest, TheTestLabelsChangeNeitherTheWeightsNorTheChoice) {
  const auto train = Make({.count = 200, .seed = 1}, 3);
  auto test = Make({.count = 100, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult first, Fit(train, test));
  std::rotate(test.labels.begin(), test.labels.begin() + 30, test.labels.end());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult second, Fit(train, test));
  EXPECT_NE(first.mean_average_precision, second.mean_average_precision);
  EXPECT_EQ(first.head, second.head);
  EXPECT_EQ(first.features, second.features);
  EXPECT_EQ(first.epochs, second.epochs);
  EXPECT_EQ(first.validation_map.raw, second.validation_map.raw);
}

TEST(HeadProbeTest, ItIsDeterministicAndLeavesTheGlobalGeneratorAlone) {
  const auto train = Make({.count = 200, .seed = 1}, 3);
  const auto test = Make({.count = 100, .seed = 2}, 3);
  torch::manual_seed(5);
  const double expected_draw = torch::rand({1}).item<double>();
  torch::manual_seed(5);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult first, Fit(train, test));
  EXPECT_EQ(torch::rand({1}).item<double>(), expected_draw);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult second, Fit(train, test));
  EXPECT_EQ(first.head, second.head);
  EXPECT_EQ(first.mean_average_precision, second.mean_average_precision);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult other, Fit(train, test, {.seed = 43}));
  EXPECT_NE(first.head, other.head);
}

TEST(HeadProbeTest, EmbeddingsThatHardlyDifferAreStandardised) {
  // As of an untrained encoder: all embeddings alike but for 1e-5.
  const auto train = Make({.count = 400, .spread = 1e-6, .offset = 0.05, .seed = 1}, 3);
  const auto test = Make({.count = 200, .spread = 1e-6, .offset = 0.05, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test));
  EXPECT_EQ(result.features, Features::kStandardized);
  EXPECT_GT(result.mean_average_precision, 0.9);
  EXPECT_GE(result.validation_map.standardized, result.validation_map.raw);
}

TEST(HeadProbeTest, TheHeadTakesRawEmbeddingsAndGivesTheReportedScores) {
  const auto train = Make({.count = 300, .spread = 0.01, .offset = 2, .seed = 1}, 3);
  const auto test = Make({.count = 100, .spread = 0.01, .offset = 2, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test));
  const weights::Tensor& weight = result.head.at("weight");
  const weights::Tensor& bias = result.head.at("bias");
  EXPECT_EQ(weight.shape, (std::vector<int64_t>{3, 8}));
  EXPECT_EQ(bias.shape, (std::vector<int64_t>{3}));
  for (size_t tag = 0; tag < 3; ++tag) {
    std::vector<float> logits(100);
    std::vector<uint8_t> labels(100);
    for (size_t i = 0; i < 100; ++i) {
      double logit = bias.values[tag];
      for (size_t d = 0; d < 8; ++d) {
        logit += static_cast<double>(weight.values[tag * 8 + d]) * test.embeddings[i * 8 + d];
      }
      logits[i] = static_cast<float>(logit);
      labels[i] = test.labels[i * 3 + tag];
    }
    EXPECT_EQ(AveragePrecision(labels, logits), result.tags[tag].average_precision);
    EXPECT_EQ(RocAuc(labels, logits), result.tags[tag].roc_auc);
  }
}

TEST(HeadProbeTest, TagsWithASingleClassInTestAreListedButNotCounted) {
  const auto train = Make({.count = 200, .seed = 1}, 3);
  auto test = Make({.count = 100, .seed = 2}, 3);
  for (size_t i = 0; i < 100; ++i) {
    test.labels[i * 3 + 1] = 0;
    test.labels[i * 3 + 2] = 1;
  }
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test));
  EXPECT_TRUE(result.tags[0].counted);
  EXPECT_FALSE(result.tags[1].counted);
  EXPECT_TRUE(std::isnan(result.tags[1].average_precision));
  EXPECT_FALSE(result.tags[2].counted);
  EXPECT_TRUE(std::isnan(result.tags[2].roc_auc));
  EXPECT_EQ(result.mean_average_precision, result.tags[0].average_precision);
  EXPECT_EQ(result.mean_roc_auc, result.tags[0].roc_auc);
}

TEST(HeadProbeTest, AValidationPartOfASingleClassFallsBackOnItsLoss) {
  auto train = Make({.count = 100, .clips_per_track = 50, .seed = 1}, 1);  // two tracks
  for (size_t i = 0; i < 100; ++i) train.labels[i] = i < 50;
  const auto test = Make({.count = 50, .seed = 2}, 1);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test, {}, {"drums"}));
  EXPECT_TRUE(std::isnan(result.validation_map.raw));
  EXPECT_TRUE(std::isnan(result.validation_map.standardized));
}

TEST(HeadProbeTest, ProgressRisesOverBothFits) {
  const auto train = Make({.count = 60, .seed = 1}, 3);
  std::vector<int64_t> seen;
  const auto on_epoch = [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 20);
    seen.push_back(done);
  };
  EXPECT_THAT(RunHeadProbe(train, train, kTags, {.max_epochs = 10}, {}, on_epoch), IsOk());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_GT(seen.back(), 10);
}

TEST(HeadProbeTest, ACancelEndsItWithItsReason) {
  const auto train = Make({.count = 60, .seed = 1}, 3);
  base::CancelSource source;
  const auto cancel_at_3 = [&](int64_t done, int64_t) {
    if (done == 3) source.Cancel(absl::CancelledError("by the user"));
  };
  EXPECT_THAT(RunHeadProbe(train, train, kTags, {}, source.token(), cancel_at_3),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("by the user")));
}

TEST(HeadProbeTest, WhatCannotBeProbedIsRefusedWithTheReason) {
  const auto train = Make({.count = 60, .seed = 1}, 3);
  const auto test = Make({.count = 60, .seed = 2}, 3);
  EXPECT_THAT(Fit(train, test, {}, {}), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("labels")));
  auto one_track = train;
  for (std::string& id : one_track.track_ids) id = "same";
  EXPECT_THAT(Fit(one_track, test), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("track")));
  auto silent = test;
  std::fill(silent.labels.begin(), silent.labels.end(), uint8_t{0});
  EXPECT_THAT(Fit(train, silent), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("both classes")));
  auto ragged = train;
  ragged.embeddings.pop_back();
  EXPECT_THAT(Fit(ragged, test), StatusIs(absl::StatusCode::kInvalidArgument));
  auto not_finite = train;
  not_finite.embeddings[7] = std::nanf("");
  EXPECT_THAT(Fit(not_finite, test), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("finite")));
  EXPECT_THAT(Fit(train, test, {.learning_rate = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("learning_rate")));
  EXPECT_THAT(Fit(train, test, {.batch_size = 0}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("batch_size")));
  EXPECT_THAT(Fit(train, test, {.validation_ratio = 1}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("validation_ratio")));
}

// The tag is the exclusive or of the signs of two dimensions: no line parts it.
LabeledEmbeddings ExclusiveOr(int64_t count, uint64_t seed) {
  LabeledEmbeddings set = Make({.count = count, .dim = 2, .seed = seed}, 1);
  for (size_t i = 0; i < set.labels.size(); ++i) {
    set.labels[i] = (set.embeddings[2 * i] > 0) != (set.embeddings[2 * i + 1] > 0);
  }
  return set;
}

TEST(HeadProbeTest, AnExclusiveOrNeedsTheHiddenLayer) {
  const auto train = ExclusiveOr(600, 1), test = ExclusiveOr(200, 2);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult linear, Fit(train, test, {}, {"xor"}));
  EXPECT_LT(linear.mean_roc_auc, 0.7);
  for (const Optimizer optimizer : {Optimizer::kAdam, Optimizer::kLbfgs}) {
    ProbeConfig config{.learning_rate = 0.01, .mlp = MlpConfig{.hidden_units = 32}, .optimizer = optimizer};
    config.l2_strength = 1e-4;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult mlp, Fit(train, test, config, {"xor"}));
    EXPECT_GT(mlp.mean_roc_auc, 0.97);
    EXPECT_GT(mlp.tags[0].f1, 0.9);
  }
}

TEST(HeadProbeTest, SeparableTagsHaveAnAreaOfOne) {
  auto train = Make({.count = 200, .seed = 1}, 3), test = Make({.count = 100, .seed = 2}, 3);
  for (auto* set : {&train, &test}) {
    for (size_t i = 0; i < set->labels.size(); ++i) {
      float& x = set->embeddings[i / 3 * 8 + i % 3];
      set->labels[i] = x > 0.3F;
      x += set->labels[i] ? 2.0F : 0.0F;
    }
  }
  for (const Optimizer optimizer : {Optimizer::kAdam, Optimizer::kLbfgs}) {
    ProbeConfig config{.learning_rate = 0.05, .optimizer = optimizer, .l2_strength = 1e-4};
    TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test, config));
    EXPECT_GT(result.mean_roc_auc, 0.999);
    EXPECT_GT(result.mean_average_precision, 0.999);
  }
}

TEST(HeadProbeTest, TheHeadServesWhatWasMeasuredForEveryKindOfFeaturesAndHead) {
  const auto train = Make({.count = 300, .spread = 0.01, .offset = 2, .seed = 1}, 3);
  const auto test = Make({.count = 100, .spread = 0.01, .offset = 2, .seed = 2}, 3);
  for (const Features kind : {Features::kRaw, Features::kL2Normalized, Features::kStandardized}) {
    for (const auto& mlp : {std::optional<MlpConfig>(), std::optional(MlpConfig{16, 0.2})}) {
      ProbeConfig config{.max_epochs = 30, .mlp = mlp, .features = kind};
      TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test, config));
      EXPECT_EQ(result.features, kind);
      TIMBRE_ASSERT_OK_AND_ASSIGN(const auto head, weights::TagHeadFromTensors(result.head, 3, 8));
      EXPECT_EQ(head.l2_normalize, kind == Features::kL2Normalized);
      EXPECT_EQ(head.layers.size(), mlp ? 2U : 1U);
      const std::vector<float> logits = head.LogitsByTag(test.embeddings);
      int64_t hits = 0, predicted = 0;
      for (size_t i = 0; i < 100; ++i) {
        const std::vector<float> scores = head.Score(std::span(test.embeddings).subspan(i * 8, 8));
        EXPECT_EQ(scores[0], weights::ToProbability(logits[i]));
        predicted += scores[0] >= head.thresholds[0];
        hits += scores[0] >= head.thresholds[0] && test.labels[i * 3] != 0;
      }
      const auto positives = static_cast<double>(result.tags[0].test_positives);
      EXPECT_DOUBLE_EQ(result.tags[0].f1,
                       2.0 * static_cast<double>(hits) / (static_cast<double>(predicted) + positives));
      EXPECT_DOUBLE_EQ(result.tags[0].prevalence, positives / 100);
    }
  }
}

TEST(HeadProbeTest, IntervalsHoldTheScoresAndMoreConfidenceIsWider) {
  const auto train = Make({.count = 200, .seed = 1}, 3);
  const auto test = Make({.count = 100, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test));
  const auto holds = [](const Interval& interval, double score) {
    return interval.low < score && score < interval.high;
  };
  EXPECT_TRUE(holds(result.mean_average_precision_interval, result.mean_average_precision));
  EXPECT_TRUE(holds(result.mean_roc_auc_interval, result.mean_roc_auc));
  EXPECT_TRUE(holds(result.tags[1].average_precision_interval, result.tags[1].average_precision));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult none, Fit(train, test, {.bootstrap = {.resamples = 0}}));
  EXPECT_TRUE(std::isnan(none.mean_roc_auc_interval.low));
  EXPECT_EQ(none.mean_roc_auc, result.mean_roc_auc);
}

// The size of the tutorial's subset: all 500 epochs, twice, are some 7 s of one core.
TEST(HeadProbeTest, TwoThousandClipsOf512DimensionsAreQuick) {
  const auto train = Make({.count = 2000, .dim = 512, .seed = 1}, 50);
  const auto test = Make({.count = 500, .dim = 512, .seed = 2}, 50);
  const std::vector<std::string> tags(50, "tag");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test, {.max_epochs = 40}, tags));
  EXPECT_GT(result.mean_average_precision, 0.38);  // chance: 0.32
}

}  // namespace
}  // namespace timbre::probe
