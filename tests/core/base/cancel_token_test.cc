#include "core/base/cancel_token.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "tests/support/matchers.h"

namespace timbre::base {
namespace {

using timbre::testing::IsOk;
using timbre::testing::StatusIs;

TEST(CancelTokenTest, ATokenWithoutASourceIsNeverCancelled) {
  const CancelToken token;
  EXPECT_FALSE(token.cancelled());
  EXPECT_THAT(token.Check(), IsOk());
  bool called = false;
  token.RemoveCallback(token.OnCancel([&called] { called = true; }));
  EXPECT_FALSE(called);
}

TEST(CancelTokenTest, AllCopiesSeeTheCancelAndItsReason) {
  CancelSource source;
  const CancelToken token = source.token();
  const CancelToken copy =
      token;  // NOLINT(performance-unnecessary-copy-initialization): copies are the point
  EXPECT_THAT(token.Check(), IsOk());
  source.Cancel(absl::DeadlineExceededError("too late"));
  for (const CancelToken& each : {token, copy, source.token()}) {
    EXPECT_TRUE(each.cancelled());
    EXPECT_THAT(each.Check(), StatusIs(absl::StatusCode::kDeadlineExceeded, "too late"));
  }
}

TEST(CancelTokenTest, TheFirstReasonWins) {
  CancelSource source;
  source.Cancel(absl::DeadlineExceededError("first"));
  source.Cancel(absl::UnavailableError("second"));
  EXPECT_THAT(source.token().Check(), StatusIs(absl::StatusCode::kDeadlineExceeded, "first"));
}

TEST(CancelTokenTest, WithoutAReasonItIsCancelled) {
  CancelSource source;
  source.Cancel();
  EXPECT_THAT(source.token().Check(), StatusIs(absl::StatusCode::kCancelled));
  CancelSource with_ok;
  with_ok.Cancel(absl::OkStatus());
  EXPECT_THAT(with_ok.token().Check(), StatusIs(absl::StatusCode::kCancelled));
}

TEST(CancelTokenTest, CallbacksRunOnceAndAtOnceWhenTheCancelHasCome) {
  CancelSource source;
  int early = 0;
  int late = 0;
  source.token().OnCancel([&early] { ++early; });
  EXPECT_EQ(early, 0);
  source.Cancel();
  source.Cancel();
  EXPECT_EQ(early, 1);
  source.token().OnCancel([&late] { ++late; });
  EXPECT_EQ(late, 1);
}

TEST(CancelTokenTest, ACallbackSeesTheTokenCancelled) {
  CancelSource source;
  absl::Status seen;
  source.token().OnCancel([&seen, token = source.token()] { seen = token.Check(); });
  source.Cancel(absl::UnavailableError("shutdown"));
  EXPECT_THAT(seen, StatusIs(absl::StatusCode::kUnavailable));
}

TEST(CancelTokenTest, ARemovedCallbackDoesNotRun) {
  CancelSource source;
  int removed = 0;
  int kept = 0;
  const int64_t id = source.token().OnCancel([&removed] { ++removed; });
  source.token().OnCancel([&kept] { ++kept; });
  source.token().RemoveCallback(id);
  source.Cancel();
  EXPECT_EQ(removed, 0);
  EXPECT_EQ(kept, 1);
}

TEST(CancelTokenTest, RemoveCallbackWaitsForACallbackThatRuns) {
  CancelSource source;
  std::latch started(1);
  std::atomic<bool> done = false;
  const int64_t id = source.token().OnCancel([&] {
    started.count_down();
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    done = true;
  });
  std::thread canceller([&source] { source.Cancel(); });
  started.wait();
  source.token().RemoveCallback(id);
  EXPECT_TRUE(done);
  canceller.join();
}

TEST(CancelTokenTest, ManyThreadsMayUseItAtOnce) {
  CancelSource source;
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&source, &calls, t] {
      const CancelToken token = source.token();
      for (int i = 0; i < 200; ++i) {
        const int64_t id = token.OnCancel([] {});
        token.RemoveCallback(id);
      }
      token.OnCancel([&calls] { ++calls; });
      if (t == 0) source.Cancel();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls, 4);
}

}  // namespace
}  // namespace timbre::base
