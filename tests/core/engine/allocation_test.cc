#include <gtest/gtest.h>

#include <vector>

#include "core/engine/cpu_engine.h"
#include "tests/support/count_allocations.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::engine {
namespace {

// oneDNN makes a small table of arguments for each product; nothing else is made, and nothing large.
TEST(AllocationTest, AnEncodeAllocatesNothingAfterTheLoadButOneDnnsTablesOfArguments) {
  for (const char* precision : {"fp32", "bf16"}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto engine, CpuEngine::Create({.precision = precision, .threads = 2}));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, engine->Load(timbre::testing::HashedSampleCnn()));
    const auto windows = timbre::testing::HashedUniform(4 * 59049, "windows", 0.5);
    std::vector<float> out(4 * 512);
    const auto allocations = [&](int64_t count) {
      const auto size = static_cast<size_t>(count);
      const int64_t before = timbre::testing::Allocations();
      const absl::Status status =
          encoder->Encode(std::span(windows).first(size * 59049), count, std::span(out).first(size * 512));
      EXPECT_TRUE(status.ok());
      return timbre::testing::Allocations() - before;
    };
    timbre::testing::LargestAllocation();
    const int64_t first = allocations(4);
    EXPECT_EQ(allocations(4), first) << precision;  // nothing is built up
    EXPECT_LT(timbre::testing::LargestAllocation(), 1024) << precision;
  }
}

}  // namespace
}  // namespace timbre::engine
