#include "core/base/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <vector>

namespace timbre::base {
namespace {

using ::testing::ElementsAre;

std::vector<uint64_t> First4(Random random) {
  return {random.Next(), random.Next(), random.Next(), random.Next()};
}

// From tests/golden/random/make_golden.py.
TEST(RandomTest, EqualsTheReferenceGenerators) {
  EXPECT_THAT(First4(Random({})),
              ElementsAre(0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0, 0x6aa594f1262d2d2c));
  EXPECT_THAT(First4(Random({0})),
              ElementsAre(0xee127fe613436e33, 0xd6dad8d34a1874ea, 0x2a52c16cec1116a9, 0x9af9091d9f77d551));
  EXPECT_THAT(First4(Random({1, 2, 3})),
              ElementsAre(0xe3f36e05b00b7bea, 0xc1850e4188cb59f9, 0x4fd6f3e03c23e7be, 0x0706691399ef9d07));
}

TEST(RandomTest, TheKeysOrderLengthAndPartsAllMatter) {
  std::set<uint64_t> firsts;
  firsts.insert(Random({}).Next());
  firsts.insert(Random({1}).Next());
  firsts.insert(Random({1, 0}).Next());
  firsts.insert(Random({0, 1}).Next());
  firsts.insert(Random({1, 2}).Next());
  firsts.insert(Random({2, 1}).Next());
  EXPECT_EQ(firsts.size(), 6U);
}

TEST(RandomTest, StepsOfOneSeedAreUnrelated) {
  // The mean over streams with neighbouring keys is that of independent numbers.
  double sum = 0;
  for (uint64_t step = 0; step < 10000; ++step) sum += Random({42, step}).Uniform(0, 1);
  EXPECT_NEAR(sum / 10000, 0.5, 0.012);
}

TEST(RandomTest, UniformStaysInItsRangeAndFillsIt) {
  Random random({1});
  double lowest = 10;
  double highest = -10;
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = random.Uniform(-2, 3);
    lowest = std::min(lowest, x);
    highest = std::max(highest, x);
    sum += x;
  }
  EXPECT_GE(lowest, -2);
  EXPECT_LT(lowest, -1.999);
  EXPECT_LT(highest, 3);
  EXPECT_GT(highest, 2.999);
  EXPECT_NEAR(sum / 100000, 0.5, 0.02);
}

TEST(RandomTest, UniformIntIncludesBothEndsAndIsFair) {
  Random random({2});
  std::map<int64_t, int> counts;
  for (int i = 0; i < 70000; ++i) ++counts[random.UniformInt(-3, 3)];
  ASSERT_EQ(counts.size(), 7U);
  EXPECT_EQ(counts.begin()->first, -3);
  for (const auto& [value, count] : counts) EXPECT_NEAR(count, 10000, 400) << value;
}

TEST(RandomTest, UniformIntTakesOneValueAndTheWholeRange) {
  Random random({3});
  EXPECT_EQ(random.UniformInt(5, 5), 5);
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 100; ++i) {
    const int64_t x = random.UniformInt(INT64_MIN, INT64_MAX);
    negative |= x < 0;
    positive |= x > 0;
  }
  EXPECT_TRUE(negative && positive);
}

TEST(RandomTest, BernoulliFollowsItsProbabilityAndIsSureAtTheEnds) {
  Random random({4});
  int hits = 0;
  for (int i = 0; i < 20000; ++i) {
    hits += random.Bernoulli(0.3) ? 1 : 0;
    ASSERT_FALSE(random.Bernoulli(0));
    ASSERT_FALSE(random.Bernoulli(-1));
    ASSERT_TRUE(random.Bernoulli(1));
    ASSERT_TRUE(random.Bernoulli(2));
  }
  EXPECT_NEAR(hits, 6000, 250);
}

TEST(RandomTest, NormalHasTheMomentsOfTheNormalDistribution) {
  Random random({5});
  constexpr int kCount = 200000;
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  int beyond_two = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.Normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
    beyond_two += std::abs(x) > 2 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.01);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
  EXPECT_NEAR(fourths / kCount, 3, 0.1);
  EXPECT_NEAR(beyond_two / static_cast<double>(kCount), 0.0455, 0.003);
}

}  // namespace
}  // namespace timbre::base
