#include "core/weights/tag_head.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support/matchers.h"

namespace timbre::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

TagHead Linear() {
  TagHead head;
  head.layers = {{{1, 2, 3, 4}, {0.5F, -1}}};
  head.thresholds = {0.3F, 0.7F};
  return head;
}

// Is the exclusive or of its two inputs: |a - b| as the sum of two ReLUs.
TagHead ExclusiveOr() {
  TagHead head;
  head.layers = {{{1, -1, -1, 1}, {0, 0}}, {{2, 2}, {-1}}};
  head.thresholds = {0.5F};
  return head;
}

TEST(TagHeadTest, OneLayerIsLinearAndLogitsLieByTag) {
  const std::vector<float> features = {1, 0, 0, 1, 1, 1};
  EXPECT_THAT(Linear().LogitsByTag(features), ElementsAre(1.5F, 2.5F, 3.5F, 2, 3, 6));
}

TEST(TagHeadTest, HiddenUnitsAreRectified) {
  const std::vector<float> features = {0, 0, 0, 1, 1, 0, 1, 1};
  EXPECT_THAT(ExclusiveOr().LogitsByTag(features), ElementsAre(-1, 1, 1, -1));
}

TEST(TagHeadTest, ScoresAreTheSigmoidOfTheLogits) {
  const std::vector<float> scores = Linear().Score(std::vector<float>{1, 0});
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_NEAR(scores[0], 1 / (1 + std::exp(-1.5)), 1e-7);
  EXPECT_EQ(scores[1], ToProbability(2));
}

TEST(TagHeadTest, NormalisingTakesTheLengthAwayAndLeavesZeroAlone) {
  TagHead head = Linear();
  head.l2_normalize = true;
  EXPECT_EQ(head.LogitsByTag(std::vector<float>{3, 4}), head.LogitsByTag(std::vector<float>{30, 40}));
  EXPECT_THAT(head.LogitsByTag(std::vector<float>{30, 40}),
              ElementsAre(FloatNear(0.6F + 1.6F + 0.5F, 1e-6F), FloatNear(1.8F + 3.2F - 1, 1e-6F)));
  EXPECT_THAT(head.LogitsByTag(std::vector<float>{0, 0}), ElementsAre(0.5F, -1));
}

TEST(TagHeadTest, TensorsGiveTheSameHeadBack) {
  TagHead linear = Linear();
  linear.l2_normalize = true;
  for (const TagHead& head : {linear, ExclusiveOr()}) {
    const TensorMap tensors = TagHeadToTensors(head);
    TIMBRE_ASSERT_OK_AND_ASSIGN(const TagHead back, TagHeadFromTensors(tensors, head.tags(), head.dim()));
    EXPECT_EQ(TagHeadToTensors(back), tensors);
    EXPECT_EQ(back.thresholds, head.thresholds);
    EXPECT_EQ(back.l2_normalize, head.l2_normalize);
  }
  EXPECT_TRUE(TagHeadToTensors(linear).contains("weight"));
  EXPECT_TRUE(TagHeadToTensors(ExclusiveOr()).contains("layer.1.bias"));
}

TEST(TagHeadTest, WithoutThresholdsTheyAreOneHalf) {
  TensorMap tensors = TagHeadToTensors(Linear());
  tensors.erase("threshold");
  TIMBRE_ASSERT_OK_AND_ASSIGN(const TagHead head, TagHeadFromTensors(tensors, 2, 2));
  EXPECT_THAT(head.thresholds, ElementsAre(0.5F, 0.5F));
}

TEST(TagHeadTest, WhatDoesNotFitIsNamed) {
  const TensorMap good = TagHeadToTensors(ExclusiveOr());
  EXPECT_THAT(TagHeadFromTensors(good, 1, 2), IsOk());
  EXPECT_THAT(TagHeadFromTensors(good, 3, 2),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("layer.1.weight"), HasSubstr("[1, 2]"), HasSubstr("[3, 2]"))));
  EXPECT_THAT(TagHeadFromTensors(good, 1, 7),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("layer.0.weight"), HasSubstr("[any, 7]"))));
  TensorMap tensors = good;
  tensors.erase("layer.0.bias");
  EXPECT_THAT(TagHeadFromTensors(tensors, 1, 2),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no tensor 'layer.0.bias'")));
  tensors = good;
  tensors["layer.7.weight"] = {{1}, {0}};
  EXPECT_THAT(TagHeadFromTensors(tensors, 1, 2),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown tensor 'layer.7.weight'")));
  tensors = good;
  tensors["threshold"] = {{2}, {0, 1}};
  EXPECT_THAT(TagHeadFromTensors(tensors, 1, 2),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("threshold")));
}

}  // namespace
}  // namespace timbre::weights
