#include "core/embed/batch_policy.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "core/base/random.h"

namespace timbre::embed {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1000);
const BatchLimits kLimits = {.max_batch_windows = 4, .max_wait = absl::Milliseconds(10)};

absl::Time At(int64_t ms) { return kStart + absl::Milliseconds(ms); }

PendingRequest Waiting(int64_t windows, int64_t since_ms, absl::Time deadline = absl::InfiniteFuture()) {
  return {windows, At(since_ms), deadline};
}

MATCHER_P2(Takes, request, windows, "") {
  return arg.request == static_cast<size_t>(request) && arg.windows == windows;
}

TEST(BatchPolicyTest, AnEmptyQueueHasNothingToDoAndNothingToWaitFor) {
  const BatchDecision decision = DecideBatch({}, kLimits, At(0));
  EXPECT_THAT(decision.batch, IsEmpty());
  EXPECT_THAT(decision.expired, IsEmpty());
  EXPECT_EQ(decision.wake_at, std::nullopt);
}

TEST(BatchPolicyTest, ALoneRequestWaitsForCompanyUntilItIsDue) {
  EXPECT_THAT(DecideBatch({Waiting(1, 0)}, kLimits, At(9)).batch, IsEmpty());
  EXPECT_EQ(DecideBatch({Waiting(1, 0)}, kLimits, At(9)).wake_at, At(10));
  EXPECT_THAT(DecideBatch({Waiting(1, 0)}, kLimits, At(10)).batch, ElementsAre(Takes(0, 1)));
}

TEST(BatchPolicyTest, AFullBatchRunsAtOnce) {
  EXPECT_THAT(DecideBatch({Waiting(3, 0), Waiting(1, 0)}, kLimits, At(0)).batch,
              ElementsAre(Takes(0, 3), Takes(1, 1)));
}

TEST(BatchPolicyTest, ALargeRequestIsTakenInPieces) {
  EXPECT_THAT(DecideBatch({Waiting(1, 0), Waiting(9, 0), Waiting(1, 0)}, kLimits, At(0)).batch,
              ElementsAre(Takes(0, 1), Takes(1, 3)));
}

TEST(BatchPolicyTest, AnExpiredRequestNeitherRunsNorCountsAsCompany) {
  const BatchDecision decision = DecideBatch({Waiting(3, 0, At(1)), Waiting(1, 0)}, kLimits, At(1));
  EXPECT_THAT(decision.expired, ElementsAre(0));
  EXPECT_THAT(decision.batch, IsEmpty());
  EXPECT_EQ(decision.wake_at, At(10));
}

TEST(BatchPolicyTest, ItWakesForADeadlineThatComesBeforeTheWaitIsOver) {
  EXPECT_EQ(DecideBatch({Waiting(1, 0), Waiting(1, 1, At(5))}, kLimits, At(2)).wake_at, At(5));
}

TEST(BatchPolicyTest, WithoutWaitingEachRequestRunsAtOnce) {
  const BatchLimits eager = {.max_batch_windows = 4, .max_wait = absl::ZeroDuration()};
  EXPECT_THAT(DecideBatch({Waiting(1, 0)}, eager, At(0)).batch, ElementsAre(Takes(0, 1)));
}

// The same rules, said window by window instead of request by request.
BatchDecision Oracle(const std::vector<PendingRequest>& queue, const BatchLimits& limits, absl::Time now) {
  BatchDecision decision;
  std::vector<size_t> windows;  // the owner of each window that may still run
  std::vector<absl::Time> alarms;
  for (size_t i = 0; i < queue.size(); ++i) {
    if (queue[i].deadline <= now) {
      decision.expired.push_back(i);
    } else {
      windows.insert(windows.end(), static_cast<size_t>(queue[i].windows), i);
      alarms.push_back(queue[i].deadline);
      alarms.push_back(queue[i].enqueue_time + limits.max_wait);
    }
  }
  if (windows.empty()) return decision;
  const bool full = windows.size() >= static_cast<size_t>(limits.max_batch_windows);
  const bool due = now - queue[windows.front()].enqueue_time >= limits.max_wait;
  if (!full && !due) {
    decision.wake_at = *std::min_element(alarms.begin(), alarms.end());
    return decision;
  }
  for (size_t i = 0; i < windows.size() && i < static_cast<size_t>(limits.max_batch_windows); ++i) {
    if (decision.batch.empty() || decision.batch.back().request != windows[i]) {
      decision.batch.push_back({windows[i], 0});
    }
    ++decision.batch.back().windows;
  }
  return decision;
}

TEST(BatchPolicyTest, ItAgreesWithABruteForceOracleOnRandomQueues) {
  base::Random random({2024});
  for (int round = 0; round < 20000; ++round) {
    const BatchLimits limits = {.max_batch_windows = random.UniformInt(1, 8),
                                .max_wait = absl::Milliseconds(random.UniformInt(0, 6))};
    std::vector<PendingRequest> queue;
    int64_t since = 0;
    for (int64_t i = random.UniformInt(0, 6); i > 0; --i) {
      since += random.UniformInt(0, 2);
      const bool patient = random.Bernoulli(0.5);
      queue.push_back(Waiting(random.UniformInt(1, 10), since,
                              patient ? absl::InfiniteFuture() : At(since + random.UniformInt(1, 12))));
    }
    const absl::Time now = At(since + random.UniformInt(0, 8));
    const BatchDecision actual = DecideBatch(queue, limits, now);
    const BatchDecision expected = Oracle(queue, limits, now);
    ASSERT_EQ(actual.expired, expected.expired) << "round " << round;
    ASSERT_EQ(actual.batch, expected.batch) << "round " << round;
    ASSERT_EQ(actual.wake_at, expected.wake_at) << "round " << round;
  }
}

TEST(BatchPolicyTest, DrivenByHandNoRequestWaitsLongerThanMaxWaitWhileTheEngineIsFree) {
  base::Random random({7});
  std::vector<PendingRequest> queue;
  for (int64_t ms = 0; ms < 5000; ++ms) {
    if (random.Bernoulli(0.1)) queue.push_back(Waiting(random.UniformInt(1, 9), ms));
    for (;;) {
      const BatchDecision decision = DecideBatch(queue, kLimits, At(ms));
      if (decision.batch.empty()) break;
      int64_t total = 0;
      for (const auto& take : decision.batch) {
        queue[take.request].windows -= take.windows;
        total += take.windows;
      }
      ASSERT_LE(total, kLimits.max_batch_windows);
      std::erase_if(queue, [](const PendingRequest& request) { return request.windows == 0; });
    }
    for (const PendingRequest& request : queue) {
      ASSERT_LT(At(ms) - request.enqueue_time, kLimits.max_wait);
    }
  }
}

}  // namespace
}  // namespace timbre::embed
