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
const BatchLimits kLimits = {
    .max_batch_windows = 4, .max_wait = absl::Milliseconds(10), .bulk_ages_in = absl::Milliseconds(100)};

absl::Time At(int64_t ms) { return kStart + absl::Milliseconds(ms); }

PendingRequest Waiting(int64_t windows, int64_t since_ms, absl::Time deadline = absl::InfiniteFuture()) {
  return {windows, At(since_ms), deadline};
}

PendingRequest Of(size_t client, int64_t windows, Priority priority = Priority::kInteractive,
                  int64_t since_ms = 0) {
  return {.windows = windows, .enqueue_time = At(since_ms), .priority = priority, .client = client};
}

// Of clients that were served nothing yet.
BatchDecision Decide(const std::vector<PendingRequest>& queue, absl::Time now,
                     const BatchLimits& limits = kLimits) {
  return DecideBatch(queue, std::vector<int64_t>(8, 0), limits, now);
}

MATCHER_P2(Takes, request, windows, "") {
  return arg.request == static_cast<size_t>(request) && arg.windows == windows;
}

TEST(BatchPolicyTest, AnEmptyQueueHasNothingToDoAndNothingToWaitFor) {
  const BatchDecision decision = Decide({}, At(0));
  EXPECT_THAT(decision.batch, IsEmpty());
  EXPECT_THAT(decision.expired, IsEmpty());
  EXPECT_EQ(decision.wake_at, std::nullopt);
}

TEST(BatchPolicyTest, ALoneRequestWaitsForCompanyUntilItIsDue) {
  EXPECT_THAT(Decide({Waiting(1, 0)}, At(9)).batch, IsEmpty());
  EXPECT_EQ(Decide({Waiting(1, 0)}, At(9)).wake_at, At(10));
  EXPECT_THAT(Decide({Waiting(1, 0)}, At(10)).batch, ElementsAre(Takes(0, 1)));
}

TEST(BatchPolicyTest, AFullBatchRunsAtOnce) {
  EXPECT_THAT(Decide({Waiting(3, 0), Waiting(1, 0)}, At(0)).batch, ElementsAre(Takes(0, 3), Takes(1, 1)));
}

TEST(BatchPolicyTest, ALargeRequestIsTakenInPieces) {
  EXPECT_THAT(Decide({Waiting(1, 0), Waiting(9, 0), Waiting(1, 0)}, At(0)).batch,
              ElementsAre(Takes(0, 1), Takes(1, 3)));
}

TEST(BatchPolicyTest, AnExpiredRequestNeitherRunsNorCountsAsCompany) {
  const BatchDecision decision = Decide({Waiting(3, 0, At(1)), Waiting(1, 0)}, At(1));
  EXPECT_THAT(decision.expired, ElementsAre(0));
  EXPECT_THAT(decision.batch, IsEmpty());
  EXPECT_EQ(decision.wake_at, At(10));
}

TEST(BatchPolicyTest, ItWakesForADeadlineThatComesBeforeTheWaitIsOver) {
  EXPECT_EQ(Decide({Waiting(1, 0), Waiting(1, 1, At(5))}, At(2)).wake_at, At(5));
}

TEST(BatchPolicyTest, WithoutWaitingEachRequestRunsAtOnce) {
  const BatchLimits eager = {.max_batch_windows = 4, .max_wait = absl::ZeroDuration()};
  EXPECT_THAT(Decide({Waiting(1, 0)}, At(0), eager).batch, ElementsAre(Takes(0, 1)));
}

TEST(BatchPolicyTest, ClientsTakeTurnsWindowByWindow) {
  EXPECT_THAT(Decide({Of(0, 9), Of(0, 9), Of(1, 1), Of(2, 9)}, At(0)).batch,
              ElementsAre(Takes(0, 2), Takes(2, 1), Takes(3, 1)));
}

TEST(BatchPolicyTest, WhoWasServedLessGoesFirst) {
  EXPECT_THAT(DecideBatch({Of(0, 9), Of(1, 9)}, {3, 0}, kLimits, At(0)).batch,
              ElementsAre(Takes(0, 1), Takes(1, 3)));
}

TEST(BatchPolicyTest, BulkRequestsFillWhatInteractiveOnesLeave) {
  EXPECT_THAT(Decide({Of(0, 9, Priority::kBulk), Of(1, 3)}, At(0)).batch,
              ElementsAre(Takes(0, 1), Takes(1, 3)));
  EXPECT_THAT(Decide({Of(0, 9, Priority::kBulk), Of(1, 4)}, At(99)).batch, ElementsAre(Takes(1, 4)));
}

TEST(BatchPolicyTest, ABulkRequestThatHasAgedTakesItsTurn) {
  EXPECT_THAT(Decide({Of(0, 9, Priority::kBulk), Of(1, 4)}, At(100)).batch,
              ElementsAre(Takes(0, 2), Takes(1, 2)));
}

// The same rules, said window by window: each one looks for the request that goes next among all that are
// left.
std::optional<size_t> NextRequest(const std::vector<PendingRequest>& queue,
                                  const std::vector<int64_t>& served, const BatchLimits& limits,
                                  absl::Time now) {
  std::optional<size_t> best;
  const auto level = [&](const PendingRequest& r) {
    return r.priority == Priority::kBulk && r.enqueue_time + limits.bulk_ages_in > now ? 1 : 0;
  };
  for (size_t i = 0; i < queue.size(); ++i) {
    if (queue[i].windows == 0 || queue[i].deadline <= now) continue;
    if (!best) best = i;
    if (level(queue[i]) < level(queue[*best])) best = i;
    if (level(queue[i]) == level(queue[*best]) && served[queue[i].client] < served[queue[*best].client])
      best = i;
  }
  return best;
}

BatchDecision Oracle(std::vector<PendingRequest> queue, std::vector<int64_t> served,
                     const BatchLimits& limits, absl::Time now) {
  BatchDecision decision;
  std::vector<absl::Time> alarms;
  int64_t windows = 0;
  bool due = false;
  for (size_t i = 0; i < queue.size(); ++i) {
    if (queue[i].deadline <= now) {
      decision.expired.push_back(i);
      continue;
    }
    windows += queue[i].windows;
    alarms.push_back(queue[i].deadline);
    alarms.push_back(queue[i].enqueue_time + limits.max_wait);
    due = due || now - queue[i].enqueue_time >= limits.max_wait;
  }
  if (windows == 0) return decision;
  if (windows < limits.max_batch_windows && !due) {
    decision.wake_at = *std::min_element(alarms.begin(), alarms.end());
    return decision;
  }
  std::vector<int64_t> taken(queue.size(), 0);
  for (int64_t room = limits.max_batch_windows; room > 0; --room) {
    const auto next = NextRequest(queue, served, limits, now);
    if (!next) break;
    --queue[*next].windows;
    ++taken[*next];
    ++served[queue[*next].client];
  }
  for (size_t i = 0; i < queue.size(); ++i) {
    if (taken[i] > 0) decision.batch.push_back({i, taken[i]});
  }
  return decision;
}

TEST(BatchPolicyTest, ItAgreesWithABruteForceOracleOnRandomQueues) {
  base::Random random({2024});
  for (int round = 0; round < 20000; ++round) {
    const BatchLimits limits = {.max_batch_windows = random.UniformInt(1, 8),
                                .max_wait = absl::Milliseconds(random.UniformInt(0, 6)),
                                .bulk_ages_in = absl::Milliseconds(random.UniformInt(0, 12))};
    std::vector<int64_t> served(3);
    for (int64_t& windows : served) windows = random.UniformInt(0, 5);
    std::vector<PendingRequest> queue;
    int64_t since = 0;
    for (int64_t i = random.UniformInt(0, 7); i > 0; --i) {
      since += random.UniformInt(0, 2);
      PendingRequest& request = queue.emplace_back(Waiting(random.UniformInt(1, 10), since));
      if (random.Bernoulli(0.5)) request.deadline = At(since + random.UniformInt(1, 12));
      if (random.Bernoulli(0.5)) request.priority = Priority::kBulk;
      request.client = static_cast<size_t>(random.UniformInt(0, 2));
    }
    const absl::Time now = At(since + random.UniformInt(0, 8));
    const BatchDecision actual = DecideBatch(queue, served, limits, now);
    const BatchDecision expected = Oracle(queue, served, limits, now);
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
      const BatchDecision decision = Decide(queue, At(ms));
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

// A clock driven by hand: an engine that takes 10 ms a batch is offered twice what it can do, most of it by
// one client.
struct Simulation {
  std::vector<PendingRequest> queue;
  std::vector<int64_t> served = {0, 0, 0};
  std::vector<absl::Duration> waits[3];

  void Run(const BatchLimits& limits, absl::Time now) {
    for (const auto& take : DecideBatch(queue, served, limits, now).batch) {
      PendingRequest& request = queue[take.request];
      request.windows -= take.windows;
      served[request.client] += take.windows;
      if (request.windows == 0) waits[request.client].push_back(now - request.enqueue_time);
    }
    std::erase_if(queue, [](const PendingRequest& request) { return request.windows == 0; });
  }
};

TEST(BatchPolicyTest, DrivenByHandAFloodNeitherDelaysOthersNorStarvesBulk) {
  Simulation simulation;
  for (int64_t ms = 0; ms < 4000; ms += 10) {
    for (int i = 0; i < 8; ++i) simulation.queue.push_back(Of(0, 1, Priority::kInteractive, ms));
    if (ms % 50 == 0) simulation.queue.push_back(Of(1, 1, Priority::kInteractive, ms));
    if (ms % 500 == 0) simulation.queue.push_back(Of(2, 2, Priority::kBulk, ms));
    simulation.Run(kLimits, At(ms));
  }
  EXPECT_THAT(simulation.waits[1], ::testing::Each(::testing::Le(absl::Milliseconds(20))));
  ASSERT_EQ(simulation.waits[2].size(), 8U);
  EXPECT_THAT(simulation.waits[2], ::testing::Each(::testing::Le(absl::Milliseconds(150))));
}

}  // namespace
}  // namespace timbre::embed
