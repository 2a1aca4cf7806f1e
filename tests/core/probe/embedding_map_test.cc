#include "core/probe/embedding_map.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "tests/core/probe/made_embeddings.h"
#include "tests/support/matchers.h"

namespace timbre::probe {
namespace {

using ::testing::SizeIs;

// Spread 3 along (1, 1, 0) / sqrt 2, 1 along (0, 0, 1), 0.1 along the rest, around an offset.
LabeledEmbeddings Ellipsoid() {
  base::Random random({4});
  LabeledEmbeddings set;
  set.count = 400;
  set.dim = 3;
  for (int64_t i = 0; i < set.count; ++i) {
    const double along = 3 * random.Normal(), up = random.Normal(), rest = 0.1 * random.Normal();
    set.embeddings.push_back(static_cast<float>(100 + (along + rest) / std::sqrt(2.0)));
    set.embeddings.push_back(static_cast<float>(100 + (along - rest) / std::sqrt(2.0)));
    set.embeddings.push_back(static_cast<float>(up));
  }
  return set;
}

TEST(EmbeddingMapTest, TheAxesAreThoseOfTheLargestVariances) {
  const auto set = Ellipsoid();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const EmbeddingMap map, MapEmbeddings(set, 1000, 42));
  EXPECT_NEAR(map.explained_variance_ratios[0], 9 / 10.01, 0.02);
  EXPECT_NEAR(map.explained_variance_ratios[1], 1 / 10.01, 0.02);
  ASSERT_THAT(map.points, SizeIs(400));
  for (const MapPoint& point : map.points) {
    const float* row = set.embeddings.data() + 3 * point.clip;
    EXPECT_NEAR(std::abs(point.x), std::abs((row[0] + row[1] - 200) / std::sqrt(2.0)), 0.5);
    EXPECT_NEAR(std::abs(point.y), std::abs(row[2]), 0.5);
  }
}

TEST(EmbeddingMapTest, TooManyClipsAreThinnedTheSameWayForASeed) {
  const auto set = Ellipsoid();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const EmbeddingMap all, MapEmbeddings(set, 400, 42));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const EmbeddingMap some, MapEmbeddings(set, 50, 42));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const EmbeddingMap again, MapEmbeddings(set, 50, 42));
  ASSERT_THAT(some.points, SizeIs(50));
  std::set<size_t> clips;
  for (size_t i = 0; i < 50; ++i) {
    const MapPoint& point = some.points[i];
    EXPECT_EQ(point.clip, again.points[i].clip);
    EXPECT_EQ(point.x, all.points[point.clip].x);
    clips.insert(point.clip);
  }
  EXPECT_THAT(clips, SizeIs(50));
}

TEST(EmbeddingMapTest, WhatDoesNotVaryLiesInTheMiddle) {
  LabeledEmbeddings set;
  set.count = 3;
  set.dim = 1;
  set.embeddings = {2, 2, 2};
  TIMBRE_ASSERT_OK_AND_ASSIGN(const EmbeddingMap still, MapEmbeddings(set, 10, 42));
  EXPECT_EQ(still.explained_variance_ratios[0], 0);
  EXPECT_EQ(still.points[1].x, 0);
  set.embeddings = {1, 2, 3};
  TIMBRE_ASSERT_OK_AND_ASSIGN(const EmbeddingMap line, MapEmbeddings(set, 10, 42));
  EXPECT_NEAR(line.explained_variance_ratios[0], 1, 1e-12);
  EXPECT_EQ(line.points[2].x, 1);
  EXPECT_EQ(line.points[2].y, 0);
}

}  // namespace
}  // namespace timbre::probe
