#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/engine/cpu_engine.h"
#include "core/engine/products.h"
#include "tests/support/count_allocations.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::engine {
namespace {

// oneDNN makes a small table of arguments for each product; nothing else is made, and nothing large.
TEST(AllocationTest, AnEncodeAllocatesNothingAfterTheLoadButOneDnnsTablesOfArguments) {
  for (const auto& [precision, threads] :
       std::vector<std::pair<const char*, int>>{{"fp32", 1}, {"bf16", 1}, {"fp32", 2}, {"bf16", 2}}) {
    if (precision == std::string("bf16") && !HasBf16Products()) continue;
    SCOPED_TRACE(absl::StrCat(precision, ", ", threads, " threads"));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto engine,
                                CpuEngine::Create({.precision = precision, .threads = threads}));
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
    const int64_t second = allocations(4);
    // Nothing is built up. Threads may share windows otherwise the second time, which is another number of
    // products.
    if (threads == 1) {
      EXPECT_EQ(second, first);
    }
    EXPECT_LT(timbre::testing::LargestAllocation(), 1024);
  }
}

}  // namespace
}  // namespace timbre::engine
