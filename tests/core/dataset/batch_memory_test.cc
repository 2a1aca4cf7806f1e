#include "core/dataset/batch_memory.h"

#include <gtest/gtest.h>

#include <numeric>

namespace timbre::dataset {
namespace {

TEST(BatchMemoryTest, WhatABatchGivesBackTheNextOfItsSizeTakes) {
  BatchMemory memory;
  void* const first = memory.Take(1000);
  void* const second = memory.Take(1000);
  EXPECT_NE(first, second);
  memory.Give(first, 1000);
  void* const other_size = memory.Take(2000);
  EXPECT_NE(other_size, first);
  EXPECT_EQ(memory.Take(1000), first);
  memory.Give(first, 1000);
  memory.Give(second, 1000);
  memory.Give(other_size, 2000);
}

TEST(BatchMemoryTest, MoreThanItKeepsIsFreed) {
  BatchMemory memory;
  std::vector<void*> blocks;
  for (int i = 0; i < 20; ++i) blocks.push_back(memory.Take(64));
  for (void* block : blocks) memory.Give(block, 64);  // AddressSanitizer sees a leak or a double free
}

TEST(BatchMemoryTest, SamplesOutliveTheOneWhoMadeThemAndTravelWithTheirMemory) {
  auto memory = std::make_shared<BatchMemory>();
  BatchSamples samples{BatchAllocator<float>(memory)};
  samples.resize(500);
  std::iota(samples.begin(), samples.end(), 0.0F);
  const float* const place = samples.data();
  BatchSamples moved;
  moved = std::move(samples);
  memory.reset();
  EXPECT_EQ(moved.data(), place);
  EXPECT_EQ(moved[499], 499);
}

TEST(BatchMemoryTest, WithoutAMemorySamplesAreAPlainVector) {
  BatchSamples samples;
  samples.assign(10, 0.5F);
  samples.push_back(1);
  samples.pop_back();
  EXPECT_EQ(samples, BatchSamples(10, 0.5F));
}

}  // namespace
}  // namespace timbre::dataset
