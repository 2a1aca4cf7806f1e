#include "core/probe/linear_probe.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/probe/head_fit.h"
#include "core/probe/metrics.h"
#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

struct Recipe {
  int64_t count = 0;
  int64_t dim = 8;
  int64_t clips_per_track = 2;
  double spread = 1;  // of the embeddings around `offset`
  double offset = 0;
  uint64_t seed = 0;
};

// Tag t is on where dimension t is above its centre, but for a little noise.
LabeledEmbeddings Make(const Recipe& recipe, size_t tags) {
  base::Random random({recipe.seed});
  LabeledEmbeddings set;
  set.count = recipe.count;
  set.dim = recipe.dim;
  for (int64_t i = 0; i < recipe.count; ++i) {
    std::vector<double> x(static_cast<size_t>(recipe.dim));
    for (double& value : x) value = random.Normal();
    for (const double value : x) {
      set.embeddings.push_back(static_cast<float>(recipe.offset + recipe.spread * value));
    }
    for (size_t t = 0; t < tags; ++t) set.labels.push_back(x[t] + 0.3 * random.Normal() > 0.5);
    set.track_ids.push_back(absl::StrCat("track", i / recipe.clips_per_track));
  }
  return set;
}

const std::vector<std::string> kTags = {"drums", "guitar", "piano"};

absl::StatusOr<ProbeResult> Fit(const LabeledEmbeddings& train, const LabeledEmbeddings& test,
                                const ProbeConfig& config = {},
                                const std::vector<std::string>& tags = kTags) {
  return RunLinearProbe(train, test, tags, config, base::CancelToken(), nullptr);
}

TEST(LinearProbeTest, ItLearnsWhatIsLinear) {
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

TEST(LinearProbeTest, TheTestLabelsChangeNeitherTheWeightsNorTheChoice) {
  const auto train = Make({.count = 200, .seed = 1}, 3);
  auto test = Make({.count = 100, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult first, Fit(train, test));
  std::rotate(test.labels.begin(), test.labels.begin() + 30, test.labels.end());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult second, Fit(train, test));
  EXPECT_NE(first.mean_average_precision, second.mean_average_precision);
  EXPECT_EQ(first.head, second.head);
  EXPECT_EQ(first.features, second.features);
  EXPECT_EQ(first.epochs, second.epochs);
  EXPECT_EQ(first.validation_map_raw, second.validation_map_raw);
}

TEST(LinearProbeTest, ItIsDeterministicAndLeavesTheGlobalGeneratorAlone) {
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

TEST(LinearProbeTest, EmbeddingsThatHardlyDifferAreStandardised) {
  // As of an untrained encoder: all embeddings alike but for 1e-5.
  const auto train = Make({.count = 400, .spread = 1e-6, .offset = 0.05, .seed = 1}, 3);
  const auto test = Make({.count = 200, .spread = 1e-6, .offset = 0.05, .seed = 2}, 3);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test));
  EXPECT_EQ(result.features, Features::kStandardized);
  EXPECT_GT(result.mean_average_precision, 0.9);
  EXPECT_GE(result.validation_map_standardized, result.validation_map_raw);
}

TEST(LinearProbeTest, TheHeadTakesRawEmbeddingsAndGivesTheReportedScores) {
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

TEST(LinearProbeTest, TagsWithASingleClassInTestAreListedButNotCounted) {
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

TEST(LinearProbeTest, AValidationPartOfASingleClassFallsBackOnItsLoss) {
  auto train = Make({.count = 100, .clips_per_track = 50, .seed = 1}, 1);  // two tracks
  for (size_t i = 0; i < 100; ++i) train.labels[i] = i < 50;
  const auto test = Make({.count = 50, .seed = 2}, 1);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test, {}, {"drums"}));
  EXPECT_TRUE(std::isnan(result.validation_map_raw));
  EXPECT_TRUE(std::isnan(result.validation_map_standardized));
}

TEST(LinearProbeTest, BetterIsAHigherMapThenALowerLoss) {
  const ValidationScore good = {0.8, 0.5}, better = {0.9, 0.7}, sharper = {0.8, 0.4};
  EXPECT_TRUE(better.BetterThan(good));
  EXPECT_TRUE(sharper.BetterThan(good));
  EXPECT_FALSE(good.BetterThan(good));
  EXPECT_FALSE(sharper.BetterThan(better));
  const ValidationScore loss_only = {std::nullopt, 0.5}, lower = {std::nullopt, 0.4};
  EXPECT_TRUE(lower.BetterThan(loss_only));
}

TEST(LinearProbeTest, EarlyStoppingKeepsTheBestEpoch) {
  const auto train = Make({.count = 100, .seed = 1}, 3);
  const LabeledFeatures fit = {train.embeddings, train.labels};
  const auto held_out = Make({.count = 60, .seed = 3}, 3);
  const LabeledFeatures validation = {held_out.embeddings, held_out.labels};
  const HeadFitInput input{fit, validation, 8, 3};
  int64_t last = 0;
  const auto count = [&](int64_t epoch) { last = epoch; };
  ProbeConfig config{.learning_rate = 0.3, .patience_epochs = 5};
  TIMBRE_ASSERT_OK_AND_ASSIGN(const HeadFit best, FitHead(input, config, {}, count));
  EXPECT_EQ(last, best.epochs + 5);
  // A run that ends at the best epoch has the same weights: batches depend on seed and epoch alone.
  config.max_epochs = best.epochs;
  TIMBRE_ASSERT_OK_AND_ASSIGN(const HeadFit exact, FitHead(input, config, {}, nullptr));
  EXPECT_EQ(exact.head.weight, best.head.weight);
  EXPECT_EQ(exact.head.bias, best.head.bias);
}

TEST(LinearProbeTest, ProgressRisesOverBothFits) {
  const auto train = Make({.count = 60, .seed = 1}, 3);
  std::vector<int64_t> seen;
  const auto on_epoch = [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 20);
    seen.push_back(done);
  };
  EXPECT_THAT(RunLinearProbe(train, train, kTags, {.max_epochs = 10}, {}, on_epoch), IsOk());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_GT(seen.back(), 10);
}

TEST(LinearProbeTest, ACancelEndsItWithItsReason) {
  const auto train = Make({.count = 60, .seed = 1}, 3);
  base::CancelSource source;
  const auto cancel_at_3 = [&](int64_t done, int64_t) {
    if (done == 3) source.Cancel(absl::CancelledError("by the user"));
  };
  EXPECT_THAT(RunLinearProbe(train, train, kTags, {}, source.token(), cancel_at_3),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("by the user")));
}

TEST(LinearProbeTest, WhatCannotBeProbedIsRefusedWithTheReason) {
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

// The size of the tutorial's subset: all 500 epochs, twice, are some 7 s of one core.
TEST(LinearProbeTest, TwoThousandClipsOf512DimensionsAreQuick) {
  const auto train = Make({.count = 2000, .dim = 512, .seed = 1}, 50);
  const auto test = Make({.count = 500, .dim = 512, .seed = 2}, 50);
  const std::vector<std::string> tags(50, "tag");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const ProbeResult result, Fit(train, test, {.max_epochs = 40}, tags));
  EXPECT_GT(result.mean_average_precision, 0.38);  // chance: 0.32
}

}  // namespace
}  // namespace timbre::probe
