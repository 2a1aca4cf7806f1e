#include "core/base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "tests/fakes/executors.h"
#include "tests/support/exhausted.h"
#include "tests/support/matchers.h"

namespace timbre::base {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

TEST(ThreadPoolTest, RunsAllThatItAcceptedBeforeItGoes) {
  std::atomic<int> runs = 0;
  {
    const auto pool = ThreadPool::Start({.name = "test", .threads = 3, .queue_capacity = 500});
    for (int i = 0; i < 500; ++i) ASSERT_THAT(pool->Schedule([&runs] { ++runs; }), IsOk());
  }
  EXPECT_EQ(runs, 500);
}

TEST(ThreadPoolTest, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    const auto pool = ThreadPool::Start({.threads = 1});
    for (int i = 0; i < 100; ++i) ASSERT_THAT(pool->Schedule([&order, i] { order.push_back(i); }), IsOk());
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(ThreadPoolTest, AFullQueueIsRefusedWithItsNameAndLimit) {
  std::latch busy(1);
  std::latch go_on(1);
  std::atomic<int> runs = 0;
  const auto pool = ThreadPool::Start({.name = "decode pool", .threads = 1, .queue_capacity = 2});
  ASSERT_THAT(pool->Schedule([&] {
    busy.count_down();
    go_on.wait();
  }),
              IsOk());
  busy.wait();  // the thread is occupied, the queue empty
  ASSERT_THAT(pool->Schedule([&runs] { ++runs; }), IsOk());
  ASSERT_THAT(pool->Schedule([&runs] { ++runs; }), IsOk());
  const absl::Status refused = pool->Schedule([&runs] { ++runs; });
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted,
                                AllOf(HasSubstr("decode pool"), HasSubstr("2 waiting"))));
  EXPECT_THAT(refused, timbre::testing::IsExhausted(Exhausted::kFull));
  EXPECT_THAT(pool->Continue([&runs] { ++runs; }), IsOk());  // was let in before
  go_on.count_down();
  pool->Stop();
  EXPECT_EQ(runs, 3);
  EXPECT_THAT(pool->Continue([] {}), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ThreadPoolTest, AStoppedPoolIsUnavailableAndMayBeStoppedAgain) {
  const auto pool = ThreadPool::Start({.name = "test"});
  pool->Stop();
  pool->Stop();
  EXPECT_THAT(pool->Schedule([] {}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("test")));
}

TEST(ThreadPoolTest, ThreadsWorkAtTheSameTime) {
  // Each function waits for the other: with one thread this would never end.
  std::latch both(2);
  const auto pool = ThreadPool::Start({.threads = 2});
  for (int i = 0; i < 2; ++i) ASSERT_THAT(pool->Schedule([&both] { both.arrive_and_wait(); }), IsOk());
  pool->Stop();
}

TEST(FakeExecutorsTest, InlineRunsAtOnceAndManualWhenAsked) {
  int runs = 0;
  fakes::InlineExecutor at_once;
  EXPECT_THAT(at_once.Schedule([&runs] { ++runs; }), IsOk());
  EXPECT_EQ(runs, 1);
  fakes::ManualExecutor manual;
  EXPECT_THAT(manual.Schedule([&runs] { ++runs; }), IsOk());
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(manual.RunOne());
  EXPECT_EQ(runs, 2);
  EXPECT_FALSE(manual.RunOne());
}

}  // namespace
}  // namespace timbre::base
