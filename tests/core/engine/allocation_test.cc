#include <gtest/gtest.h>

#include <vector>

#include "core/engine/cpu_engine.h"
#include "tests/support/count_allocations.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::engine {
namespace {

TEST(AllocationTest, AnEncodeAllocatesNothingAfterTheLoad) {
  for (const char* precision : {"fp32", "bf16"}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto engine, CpuEngine::Create({.precision = precision, .threads = 2}));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, engine->Load(timbre::testing::HashedSampleCnn()));
    const auto windows = timbre::testing::HashedUniform(5 * 59049, "windows", 0.5);
    std::vector<float> out(5 * 512);
    const int64_t before = timbre::testing::Allocations();
    for (const int64_t count : {1, 5, 2}) {
      const absl::Status status =
          encoder->Encode(std::span(windows).first(static_cast<size_t>(count) * 59049), count,
                          std::span(out).first(static_cast<size_t>(count) * 512));
      ASSERT_TRUE(status.ok());
    }
    EXPECT_EQ(timbre::testing::Allocations() - before, 0) << precision;
  }
}

}  // namespace
}  // namespace timbre::engine
