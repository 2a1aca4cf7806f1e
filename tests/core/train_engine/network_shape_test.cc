#include "core/train_engine/network_shape.h"

#include <vector>

#include "tests/support/matchers.h"

namespace timbre::train_engine {
namespace {

using ::testing::HasSubstr;
using timbre::testing::StatusIs;
using Weights = std::vector<std::array<int64_t, 3>>;

TEST(NetworkShapeTest, FramesFollowFromTheDepth) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const NetworkShape shape,
                              ShapeOf(Weights{{16, 1, 3}, {32, 16, 3}, {48, 32, 3}, {64, 48, 1}}));
  EXPECT_EQ(shape.window_samples, 27);
  EXPECT_EQ(shape.embedding_dim(), 64);
  const int64_t frames[] = {9, 9, 3, 1};
  const bool pools[] = {false, true, true, false};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(shape.blocks[i].frames, frames[i]);
    EXPECT_EQ(shape.blocks[i].pool, pools[i]);
  }
}

TEST(NetworkShapeTest, WhatIsNoSampleCnnIsRefusedWithTheBlock) {
  const auto refused = [](const Weights& weights, const char* part) {
    EXPECT_THAT(ShapeOf(weights), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(part)));
  };
  refused({{16, 1, 3}, {16, 16, 1}}, "at least 3");
  refused({{16, 1, 3}, {20, 16, 3}, {16, 20, 1}}, "block 2");
  refused({{16, 1, 3}, {16, 32, 3}, {16, 16, 1}}, "block 2");
  refused({{16, 1, 3}, {16, 16, 3}, {16, 16, 3}}, "block 3");
  refused({{16, 2, 3}, {16, 16, 3}, {16, 16, 1}}, "block 1");
}

}  // namespace
}  // namespace timbre::train_engine
