#include "core/engine/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
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

// One number alone is rounded by integer arithmetic, many by what the CPU has.
TEST(KernelsTest, TheCpusInstructionRoundsAsIntegerArithmeticDoes) {
  if (!HasNativeBf16()) GTEST_SKIP() << "this CPU has no AVX512-BF16";
  std::vector<float> from;
  for (uint32_t upper = 0x0080; upper < 0x7F80; upper += 37) {  // normal numbers of all sizes
    for (const uint32_t lower : {0x0000U, 0x0001U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU}) {
      from.push_back(std::bit_cast<float>(upper << 16 | lower));
      from.push_back(-from.back());
    }
  }
  from.resize(from.size() / 16 * 16);
  std::vector<Bf16> many(from.size());
  KernelsHere<Bf16>().convert(from.data(), static_cast<int64_t>(from.size()), many.data());
  for (size_t i = 0; i < from.size(); ++i) {
    Bf16 one = 0;
    KernelsHere<Bf16>().convert(&from[i], 1, &one);
    ASSERT_EQ(many[i], one) << from[i];
  }
}

TEST(KernelsTest, TheLargestOfThreeFramesIsTaken) {
  // 3 planes of 3 rows by 16 channels: an odd number of vectors.
  constexpr int64_t kCount = 48;
  std::vector<float> frames(3 * kCount);
  for (size_t i = 0; i < frames.size(); ++i) frames[i] = static_cast<float>((i * 7919) % 251) / 16;
  frames[5] = frames[kCount + 5] = -0.0F;  // what some relus make of a negative number
  std::vector<Bf16> halves(frames.size()), half_out(kCount);
  std::vector<float> out(kCount);
  KernelsHere<Bf16>().convert(frames.data(), static_cast<int64_t>(frames.size()), halves.data());
  const TileSpan span{.tiles = 3, .channels = 16, .plane = kCount};
  KernelsHere<float>().max_of_three(frames.data(), span, out.data());
  KernelsHere<Bf16>().max_of_three(halves.data(), span, half_out.data());
  for (size_t i = 0; i < kCount; ++i) {
    const float most = std::max({frames[i], frames[kCount + i], frames[2 * kCount + i]});
    EXPECT_EQ(out[i], most);
    EXPECT_EQ(FromBf16(half_out[i]), most);  // sixteenths below 16 are bf16 numbers
  }
}

TEST(KernelsTest, TheyRunOnATargetThatHasAName) { EXPECT_STRNE(KernelTarget(), ""); }

}  // namespace
}  // namespace timbre::engine
