#pragma once

#include "absl/synchronization/notification.h"
#include "core/base/executor.h"
#include "gtest/gtest.h"

namespace timbre::testing {

// Keeps one thread of a pool busy from its construction until Release.
class BusyThread {
 public:
  explicit BusyThread(base::Executor& pool) {
    const absl::Status scheduled = pool.Schedule([this] {
      busy_.Notify();
      go_on_.WaitForNotification();
      gone_.Notify();
    });
    EXPECT_TRUE(scheduled.ok()) << scheduled;
    scheduled.ok() ? busy_.WaitForNotification() : gone_.Notify();
  }
  ~BusyThread() {
    Release();
    gone_.WaitForNotification();
  }
  BusyThread(const BusyThread&) = delete;

  void Release() {
    if (!go_on_.HasBeenNotified()) go_on_.Notify();
  }

 private:
  absl::Notification busy_, go_on_, gone_;
};

}  // namespace timbre::testing
