// The layout in which AMX takes the right operand of a weight gradient.
#include <bit>
#include <cmath>
#include <vector>

#include "core/engine/products.h"
#include "core/train_engine/matmul.h"
#include "core/train_engine/train_kernels.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"

namespace timbre::train_engine {
namespace {

using timbre::testing::HashedUniform;
using timbre::testing::IsOk;

constexpr int64_t kProducts = 5;

std::vector<Bf16> Rows(int64_t count, const char* name) {
  const std::vector<float> values = HashedUniform(static_cast<size_t>(count), name, 1);
  std::vector<Bf16> rows(values.size());
  engine::KernelsHere<Bf16>().convert(values.data(), count, rows.data());
  return rows;
}

int64_t Padded(int64_t rows) {
  return (rows + Matmul::kPairRows - 1) / Matmul::kPairRows * Matmul::kPairRows;
}

// [rows, columns] as the header describes it.
std::vector<Bf16> InPairs(const Bf16* plain, int64_t rows, int64_t columns) {
  std::vector<Bf16> pairs(static_cast<size_t>(Padded(rows) * columns));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t block =
          c / Matmul::kPairColumns * (Padded(rows) / Matmul::kPairRows) + r / Matmul::kPairRows;
      const int64_t within =
          (r % Matmul::kPairRows / 2 * Matmul::kPairColumns + c % Matmul::kPairColumns) * 2 + r % 2;
      pairs[static_cast<size_t>(block * Matmul::kPairRows * Matmul::kPairColumns + within)] =
          plain[r * columns + c];
    }
  }
  return pairs;
}

TEST(RowPairsTest, TheKernelGivesTheRowsOfInput3InPairs) {
  for (const int64_t tiles : {1, 2, 31, 32, 33, 75, 192}) {
    const int64_t channels = 128, plane = tiles * channels, padded = Padded(tiles) * channels;
    const std::vector<Bf16> rows = Rows((3 * tiles + 2) * channels, "rows");
    std::vector<Bf16> plain(static_cast<size_t>(kProducts * plane)),
        pairs(static_cast<size_t>(kProducts * padded), 0x7FC0);
    engine::KernelsHere<Bf16>().input3(rows.data(), {.tiles = tiles, .channels = channels, .plane = plane},
                                       plain.data());
    TrainKernelsHere<Bf16>().input_pairs(rows.data(), {.tiles = tiles, .channels = channels, .plane = padded},
                                         pairs.data());
    for (int64_t product = 0; product < kProducts; ++product) {
      const auto begin = pairs.begin() + product * padded;
      EXPECT_EQ(std::vector<Bf16>(begin, begin + padded),
                InPairs(plain.data() + product * plane, tiles, channels))
          << tiles << " tiles, product " << product;
    }
  }
}

TEST(RowPairsTest, TheProductIsThatOfPlainRows) {
  engine::UseOneThread();
  const int64_t depth = 48, columns = 128;
  const Matmul matmul(Matmul::Kind::kTransposedRows,
                      {.batch = 1, .depth = depth, .columns = columns, .bf16 = true});
  bool some = false;
  Lane lane;
  for (const int64_t rows : {75, 81, 192}) {
    if (matmul.LayoutOf(rows) != Matmul::Layout::kRowPairs) continue;
    some = true;
    const std::vector<Bf16> left = Rows(rows * depth, "left"), right = Rows(rows * columns, "right");
    std::vector<float> plain(static_cast<size_t>(depth * columns), 1), pairs = plain;
    ASSERT_THAT(matmul.Run(lane, left.data(), right.data(), rows, plain.data()), IsOk());
    ASSERT_THAT(matmul.Run(lane, left.data(), InPairs(right.data(), rows, columns).data(), rows, pairs.data(),
                           Matmul::Layout::kRowPairs),
                IsOk());
    for (size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(pairs[i], plain[i], 1e-4) << i;
  }
  if (!some) GTEST_SKIP() << "oneDNN prefers another layout on this CPU";
}

TEST(RowPairsTest, WhatDoesNotFitStaysPlain) {
  const Matmul narrow(Matmul::Kind::kTransposedRows, {.depth = 64, .columns = 48, .bf16 = true});
  const Matmul exact(Matmul::Kind::kTransposedRows, {.depth = 64, .columns = 128, .bf16 = false});
  const Matmul weights(Matmul::Kind::kTimesWeights, {.depth = 64, .columns = 128, .bf16 = true});
  for (const Matmul* matmul : {&narrow, &exact, &weights}) {
    EXPECT_EQ(matmul->LayoutOf(192), Matmul::Layout::kPlain);
  }
}

}  // namespace
}  // namespace timbre::train_engine
