#include "core/base/bounded_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace timbre::base {
namespace {

using ::testing::Optional;

TEST(BoundedQueueTest, ItemsComeOutInTheirOrder) {
  BoundedQueue<int> queue(3);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(queue.TryPush(i), PushResult::kPushed);
  EXPECT_EQ(queue.size(), 3U);
  for (int i = 1; i <= 3; ++i) EXPECT_THAT(queue.Pop(), Optional(i));
  EXPECT_EQ(queue.size(), 0U);
}

TEST(BoundedQueueTest, TryPushSaysFullAndTakesAgainAfterAPop) {
  BoundedQueue<int> queue(1);
  EXPECT_EQ(queue.TryPush(1), PushResult::kPushed);
  EXPECT_EQ(queue.TryPush(2), PushResult::kFull);
  EXPECT_THAT(queue.Pop(), Optional(1));
  EXPECT_EQ(queue.TryPush(3), PushResult::kPushed);
}

TEST(BoundedQueueTest, AClosedQueueRefusesAndDrains) {
  BoundedQueue<int> queue(4);
  queue.TryPush(1);
  queue.TryPush(2);
  queue.Close();
  EXPECT_EQ(queue.TryPush(3), PushResult::kClosed);
  EXPECT_FALSE(queue.Push(3));
  EXPECT_THAT(queue.Pop(), Optional(1));
  EXPECT_THAT(queue.Pop(), Optional(2));
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueueTest, PushWaitsForRoom) {
  BoundedQueue<int> queue(1);
  queue.TryPush(1);
  bool pushed = false;
  std::thread writer([&] { pushed = queue.Push(2); });
  EXPECT_THAT(queue.Pop(), Optional(1));
  EXPECT_THAT(queue.Pop(), Optional(2));
  writer.join();
  EXPECT_TRUE(pushed);
}

TEST(BoundedQueueTest, CloseWakesAWaitingReader) {
  BoundedQueue<int> queue(1);
  std::optional<int> item = 7;
  std::thread reader([&] { item = queue.Pop(); });
  queue.Close();
  reader.join();
  EXPECT_EQ(item, std::nullopt);
}

TEST(BoundedQueueTest, CloseWakesAWaitingWriterAndItsItemIsDropped) {
  BoundedQueue<int> queue(1);
  queue.TryPush(1);
  bool pushed = true;
  std::thread writer([&] { pushed = queue.Push(2); });
  queue.Close();
  writer.join();
  EXPECT_FALSE(pushed);
  EXPECT_THAT(queue.Pop(), Optional(1));
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueueTest, ItemsThatCannotBeCopiedAreMoved) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.Push(std::make_unique<int>(5)));
  const auto item = queue.Pop();
  ASSERT_TRUE(item);
  EXPECT_EQ(**item, 5);
}

TEST(BoundedQueueTest, NothingIsLostOrDoubledBetweenManyThreads) {
  constexpr int kPerWriter = 2000;
  constexpr int kThreads = 3;
  BoundedQueue<int> queue(8);
  std::vector<std::vector<int>> read(kThreads);
  std::vector<std::thread> writers;
  std::vector<std::thread> readers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&queue, t] {
      for (int i = 0; i < kPerWriter; ++i) queue.Push(t * kPerWriter + i);
    });
    readers.emplace_back([&queue, &read, t] {
      while (const auto item = queue.Pop()) read[static_cast<size_t>(t)].push_back(*item);
    });
  }
  for (std::thread& thread : writers) thread.join();
  queue.Close();
  for (std::thread& thread : readers) thread.join();
  std::vector<int> all;
  for (const auto& part : read) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  std::vector<int> expected(kThreads * kPerWriter);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

}  // namespace
}  // namespace timbre::base
