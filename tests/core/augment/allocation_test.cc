#include <gtest/gtest.h>

#include "core/augment/chain.h"
#include "tests/support/count_allocations.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::augment {
namespace {

constexpr size_t kWindowSamples = 59049;

// The names of what was applied and a filter's taps are made for each view; nothing of a window's size is.
TEST(AllocationTest, AWarmChainAllocatesNothingOfAWindowsSize) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Chain chain, Chain::Create(TutorialChain()));
  std::vector<float> window = timbre::testing::HashedUniform(kWindowSamples, "window", 0.5);
  const auto apply = [&](uint64_t seed) {
    base::Random random({seed});
    chain.Apply(window, random);
  };
  for (uint64_t seed = 0; seed < 100; ++seed) apply(seed);
  timbre::testing::LargestAllocation();
  for (uint64_t seed = 100; seed < 200; ++seed) apply(seed);
  EXPECT_LT(timbre::testing::LargestAllocation(), static_cast<int64_t>(kWindowSamples * sizeof(float) / 16));
}

}  // namespace
}  // namespace timbre::augment
