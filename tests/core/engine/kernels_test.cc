#include "core/engine/kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace timbre::engine {
namespace {

float FromBf16(Bf16 value) { return std::bit_cast<float>(static_cast<uint32_t>(value) << 16); }

TEST(KernelsTest, Bf16IsRoundedToNearestEven) {
  std::vector<float> from;
  for (int i = -40; i < 40; ++i) from.push_back(std::ldexp(1.0f + 0.37f * static_cast<float>(i & 7), i));
  from.insert(from.end(),
              {0.0f, -0.0f, 1.0f, 1.00390625f /* halfway, stays even */,
               1.01171875f /* halfway, goes up to even */, std::numeric_limits<float>::infinity()});
  std::vector<Bf16> to(from.size());
  KernelsHere<Bf16>().convert(from.data(), static_cast<int64_t>(from.size()), to.data());
  for (size_t i = 0; i < from.size(); ++i) {
    const float got = FromBf16(to[i]);
    if (std::isinf(from[i])) {
      EXPECT_EQ(got, from[i]);
      continue;
    }
    const float below = FromBf16(static_cast<Bf16>(std::bit_cast<uint32_t>(from[i]) >> 16));
    const float above = FromBf16(static_cast<Bf16>((std::bit_cast<uint32_t>(from[i]) >> 16) + 1));
    EXPECT_LE(std::abs(got - from[i]), std::min(std::abs(below - from[i]), std::abs(above - from[i])))
        << from[i];
  }
  EXPECT_EQ(FromBf16(to[from.size() - 3]), 1.0f);
  EXPECT_EQ(FromBf16(to[from.size() - 2]), 1.015625f);
}

TEST(KernelsTest, TheyRunOnATargetThatHasAName) { EXPECT_STRNE(KernelTarget(), ""); }

}  // namespace
}  // namespace timbre::engine
