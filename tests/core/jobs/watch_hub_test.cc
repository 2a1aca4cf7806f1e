#include "core/jobs/watch_hub.h"

#include <atomic>
#include <thread>

#include "tests/core/jobs/scheduler_fixture.h"

namespace timbre::jobs {
namespace {

TEST(WatchHubTest, TellsOnlyTheWatchersOfTheJob) {
  WatchHub hub;
  int a = 0;
  int b = 0;
  const int64_t watch_a = hub.Watch("a", [&] { ++a; });
  hub.Watch("b", [&] { ++b; });
  hub.Notify("a");
  hub.Notify("a");
  hub.Unwatch(watch_a);
  hub.Notify("a");
  hub.Unwatch(watch_a);
  EXPECT_EQ(a, 2);
  EXPECT_EQ(b, 0);
}

TEST(WatchHubTest, UnwatchWaitsForARunningListener) {
  WatchHub hub;
  Gate inside;
  Gate go_on;
  std::atomic<bool> left = false;
  const int64_t watch = hub.Watch("job", [&] {
    inside.Open();
    go_on.Wait();
    left = true;
  });
  std::thread notifier([&] { hub.Notify("job"); });
  inside.Wait();
  std::thread opener([&] { go_on.Open(); });
  hub.Unwatch(watch);
  EXPECT_TRUE(left);
  notifier.join();
  opener.join();
}

TEST(WatchHubTest, AListenerMayUnwatchItselfAndOthers) {
  WatchHub hub;
  int64_t self = 0;
  int64_t other = 0;
  int self_calls = 0;
  int other_calls = 0;
  self = hub.Watch("job", [&] {
    ++self_calls;
    hub.Unwatch(self);
    hub.Unwatch(other);
  });
  other = hub.Watch("job", [&] { ++other_calls; });
  hub.Notify("job");
  hub.Notify("job");
  EXPECT_EQ(self_calls, 1);
  EXPECT_EQ(other_calls, 0) << "an unwatched listener is not called, even when its turn was due";
}

TEST(WatchHubTest, AListenerIsNeverCalledAfterUnwatchReturned) {
  WatchHub hub;
  std::atomic<bool> stop = false;
  std::vector<std::thread> notifiers;
  for (int i = 0; i < 2; ++i) {
    notifiers.emplace_back([&] {
      while (!stop) hub.Notify("job");
    });
  }
  for (int round = 0; round < 300; ++round) {
    std::atomic<bool> gone = false;
    Gate called;
    const int64_t watch = hub.Watch("job", [&] {
      EXPECT_FALSE(gone);
      called.Open();
    });
    called.Wait();
    hub.Unwatch(watch);
    gone = true;
  }
  stop = true;
  for (auto& thread : notifiers) thread.join();
}

}  // namespace
}  // namespace timbre::jobs
