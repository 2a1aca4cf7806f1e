#include "core/base/background.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

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
  EXPECT_GT(nice, getpriority(PRIO_PROCESS, 0));
}

}  // namespace
}  // namespace timbre::base
