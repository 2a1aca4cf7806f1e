#include "core/base/background.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace timbre::base {
namespace {

TEST(BackgroundTest, TheFunctionHasRunWhenItReturnsOnAThreadThatGivesWay) {
  int nice = 0;
  std::thread::id thread;
  RunInBackground([&] {
    nice = getpriority(PRIO_PROCESS, 0);
    thread = std::this_thread::get_id();
  });
  EXPECT_NE(thread, std::this_thread::get_id());
  constexpr int kNicest = 19;
  EXPECT_EQ(nice, std::min(getpriority(PRIO_PROCESS, 0) + 10, kNicest));
}

}  // namespace
}  // namespace timbre::base
