#include "core/embed/batcher.h"

#include <atomic>
#include <future>
#include <optional>

#include "tests/core/embed/gate_encoder.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/matchers.h"

namespace timbre::embed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

using Answer = absl::StatusOr<Batcher::Result>;

// Windows whose first samples are first, first + 1, ...; the second sample is 0.5.
std::vector<float> Windows(float first, int64_t count) {
  std::vector<float> windows;
  for (int64_t i = 0; i < count; ++i) {
    windows.push_back(first + static_cast<float>(i));
    windows.push_back(0.5F);
  }
  return windows;
}

class BatcherTest : public ::testing::Test {
 protected:
  void Start(int64_t max_batch, absl::Duration max_wait = absl::ZeroDuration()) {
    Batcher::Options options;
    options.limits = {.max_batch_windows = max_batch, .max_wait = max_wait};
    options.clock = &clock_;
    options.observer = &observer_;
    batcher_ = Batcher::Start(encoder_, options);
  }

  // The answer, or the error of Submit.
  std::future<Answer> Submit(float first, int64_t count, absl::Time deadline = absl::InfiniteFuture(),
                             const base::CancelToken& cancel = {}) {
    return SubmitWork({Windows(first, count), count, {}, deadline, cancel});
  }
  std::future<Answer> SubmitOf(const Caller& caller, float first, int64_t count) {
    return SubmitWork({Windows(first, count), count, caller});
  }
  std::future<Answer> SubmitWork(Batcher::Work work) {
    auto promise = std::make_shared<std::promise<Answer>>();
    auto future = promise->get_future();
    const absl::Status status = batcher_->Submit(
        std::move(work), [promise](Answer answer) { promise->set_value(std::move(answer)); });
    if (!status.ok()) promise->set_value(status);
    return future;
  }

  struct CountingObserver final : Observer {
    void OnBatch(int64_t windows, absl::Duration) override { batched_windows += windows; }
    std::atomic<int64_t> batched_windows = 0;
  };

  fakes::FakeClock clock_;
  CountingObserver observer_;
  std::shared_ptr<fakes::GateEncoder> encoder_ = std::make_shared<fakes::GateEncoder>();
  std::unique_ptr<Batcher> batcher_;
};

TEST_F(BatcherTest, AWindowComesBackAsItsEmbedding) {
  Start(4);
  const Answer answer = Submit(3, 2).get();
  ASSERT_THAT(answer, IsOk());
  EXPECT_THAT(answer->embeddings, ElementsAre(3.5F, 2.5F, 4.5F, 3.5F));
}

TEST_F(BatcherTest, WhatWaitsIsToldByPriority) {
  Start(4);
  encoder_->Close();
  auto first = Submit(1, 1);
  encoder_->AwaitCalls(1);
  auto bulk = SubmitOf({.priority = Priority::kBulk}, 10, 3);
  clock_.Advance(absl::Milliseconds(500));
  auto interactive = Submit(20, 2);
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(batcher_->waiting(Priority::kBulk).windows, 3);
  EXPECT_EQ(batcher_->waiting(Priority::kBulk).oldest, absl::Milliseconds(600));
  EXPECT_EQ(batcher_->waiting(Priority::kInteractive).windows, 2);
  EXPECT_EQ(batcher_->waiting(Priority::kInteractive).oldest, absl::Milliseconds(100));
  encoder_->Open();
  EXPECT_THAT(bulk.get(), IsOk());
  EXPECT_THAT(interactive.get(), IsOk());
}

TEST_F(BatcherTest, RequestsThatWaitTogetherShareABatch) {
  Start(4);
  encoder_->Close();
  auto first = Submit(1, 1);
  encoder_->AwaitCalls(1);
  auto second = Submit(10, 2);
  auto third = Submit(20, 2);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(batcher_->waiting(Priority::kInteractive).windows, 4);
  EXPECT_EQ(batcher_->waiting(Priority::kInteractive).oldest, absl::Seconds(2));
  encoder_->Open();
  EXPECT_THAT(third.get(), IsOk());
  EXPECT_THAT(encoder_->batches(), ElementsAre(ElementsAre(1), ElementsAre(10, 11, 20, 21)));
  EXPECT_THAT(second.get(), IsOk());
  EXPECT_EQ(batcher_->waiting(Priority::kInteractive).windows, 0);
}

TEST_F(BatcherTest, ALargeRequestGoesInPiecesAndComesBackInOrder) {
  Start(3);
  const Answer answer = Submit(1, 7).get();
  ASSERT_THAT(answer, IsOk());
  EXPECT_THAT(encoder_->batches(), ElementsAre(ElementsAre(1, 2, 3), ElementsAre(4, 5, 6), ElementsAre(7)));
  ASSERT_EQ(answer->embeddings.size(), 14U);
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(answer->embeddings[2 * i], static_cast<float>(i) + 1.5F);
}

TEST_F(BatcherTest, BatchingChangesNothing) {
  std::vector<std::vector<float>> alone;
  Start(1);
  for (int i = 0; i < 20; ++i) alone.push_back(Submit(static_cast<float>(i), 1 + i % 5).get()->embeddings);
  for (const int64_t max_batch : {2, 3, 7, 64}) {
    Start(max_batch);
    std::vector<std::future<Answer>> together;
    for (int i = 0; i < 20; ++i) together.push_back(Submit(static_cast<float>(i), 1 + i % 5));
    for (size_t i = 0; i < 20; ++i) EXPECT_EQ(together[i].get()->embeddings, alone[i]);
  }
}

TEST_F(BatcherTest, AnExpiredRequestNeverReachesTheEngine) {
  Start(4);
  encoder_->Close();
  auto first = Submit(1, 1);
  encoder_->AwaitCalls(1);
  auto late = Submit(10, 1, clock_.Now() + absl::Seconds(1));
  auto patient = Submit(20, 1);
  clock_.Advance(absl::Seconds(1));
  encoder_->Open();
  EXPECT_THAT(late.get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(patient.get(), IsOk());
  EXPECT_THAT(encoder_->batches(), ElementsAre(ElementsAre(1), ElementsAre(20)));
}

TEST_F(BatcherTest, ALargeRequestThatExpiresBetweenItsPiecesGetsNoFurtherBatch) {
  Start(2);
  encoder_->Close();
  auto large = Submit(1, 6, clock_.Now() + absl::Seconds(1));
  encoder_->AwaitCalls(1);
  clock_.Advance(absl::Seconds(2));
  encoder_->Open();
  EXPECT_THAT(large.get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(encoder_->batches(), ElementsAre(ElementsAre(1, 2)));
  EXPECT_EQ(batcher_->waiting(Priority::kInteractive).windows, 0);
}

TEST_F(BatcherTest, ACancelledRequestNeverReachesTheEngineAndSaysWhy) {
  Start(4);
  encoder_->Close();
  auto first = Submit(1, 1);
  encoder_->AwaitCalls(1);
  base::CancelSource client;
  auto cancelled = Submit(10, 1, absl::InfiniteFuture(), client.token());
  client.Cancel(absl::CancelledError("the client went away"));
  encoder_->Open();
  EXPECT_THAT(cancelled.get(), StatusIs(absl::StatusCode::kCancelled, HasSubstr("went away")));
  EXPECT_THAT(encoder_->batches(), ElementsAre(ElementsAre(1)));
}

TEST_F(BatcherTest, WhatIsExpiredOrCancelledAlreadyIsRefusedAtOnce) {
  Start(4);
  EXPECT_THAT(Submit(1, 1, clock_.Now()).get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  base::CancelSource client;
  client.Cancel();
  EXPECT_THAT(Submit(1, 1, absl::InfiniteFuture(), client.token()).get(),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(Submit(1, 0).get(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(encoder_->batches().empty());
}

TEST_F(BatcherTest, ClientsTakeTurnsWhateverTheyQueued) {
  Start(2);
  encoder_->Close();
  auto running = Submit(1, 1);
  encoder_->AwaitCalls(1);
  auto flood = SubmitOf({"flood"}, 10, 6);
  auto other = SubmitOf({"other"}, 20, 2);
  encoder_->Open();
  EXPECT_THAT(other.get(), IsOk());
  EXPECT_THAT(flood.get(), IsOk());
  EXPECT_THAT(encoder_->batches(), ElementsAre(ElementsAre(1), ElementsAre(10, 20), ElementsAre(11, 21),
                                               ElementsAre(12, 13), ElementsAre(14, 15)));
}

TEST_F(BatcherTest, AClientThatComesLateGetsNoCreditForTheTimeBefore) {
  Start(2);
  EXPECT_THAT(SubmitOf({"early"}, 1, 8).get(), IsOk());
  encoder_->Close();
  auto running = SubmitOf({"early"}, 50, 2);
  encoder_->AwaitCalls(5);
  auto early = SubmitOf({"early"}, 60, 2);
  auto late = SubmitOf({"late"}, 70, 3);
  encoder_->Open();
  EXPECT_THAT(early.get(), IsOk());
  EXPECT_THAT(late.get(), IsOk());
  EXPECT_THAT(encoder_->batches()[5], ElementsAre(60, 70));
}

TEST_F(BatcherTest, InteractiveRequestsGoBeforeBulkOnes) {
  Start(2);
  encoder_->Close();
  auto running = Submit(1, 1);
  encoder_->AwaitCalls(1);
  auto bulk = SubmitOf({"a", Priority::kBulk}, 10, 2);
  auto urgent = SubmitOf({"b"}, 20, 2);
  encoder_->Open();
  EXPECT_THAT(bulk.get(), IsOk());
  EXPECT_THAT(encoder_->batches(), ElementsAre(ElementsAre(1), ElementsAre(20, 21), ElementsAre(10, 11)));
}

TEST_F(BatcherTest, AFailingEngineFailsTheRequestsOfItsBatchAndTheNextGoOn) {
  Start(2);
  encoder_->FailOnce(absl::ResourceExhaustedError("out of device memory"));
  EXPECT_THAT(Submit(1, 5).get(), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(batcher_->waiting(Priority::kInteractive).windows, 0);
  EXPECT_THAT(Submit(9, 1).get(), IsOk());
}

TEST_F(BatcherTest, StopRunsWhatWasAcceptedAndRefusesTheRest) {
  Start(2, absl::Hours(1));  // nothing here would ever be due by itself
  auto waiting = Submit(1, 1);
  batcher_->Stop();
  EXPECT_THAT(waiting.get(), IsOk());
  EXPECT_THAT(Submit(2, 1).get(), StatusIs(absl::StatusCode::kUnavailable));
  batcher_->Stop();
}

TEST_F(BatcherTest, TimesAreThoseOfQueueAndEngine) {
  Start(2);
  encoder_->Close();
  auto first = Submit(1, 1);
  encoder_->AwaitCalls(1);
  auto second = Submit(2, 1);
  clock_.Advance(absl::Seconds(3));
  encoder_->Open();
  EXPECT_EQ(first.get()->infer_time, absl::Seconds(3));
  const Answer answer = second.get();
  EXPECT_EQ(answer->queue_time, absl::Seconds(3));
  EXPECT_EQ(answer->infer_time, absl::ZeroDuration());
  EXPECT_EQ(observer_.batched_windows, 2);
}

TEST_F(BatcherTest, ACallbackMaySubmitAgain) {
  Start(2);
  std::promise<Answer> again;
  ASSERT_THAT(batcher_->Submit({Windows(1, 1), 1},
                               [&](Answer) {
                                 EXPECT_THAT(
                                     batcher_->Submit({Windows(2, 1), 1},
                                                      [&](Answer answer) { again.set_value(answer); }),
                                     IsOk());
                               }),
              IsOk());
  EXPECT_THAT(again.get_future().get(), IsOk());
}

TEST_F(BatcherTest, ManyThreadsGetTheirOwnAnswers) {
  Start(8);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 50; ++i) {
        const float first = static_cast<float>(1000 * t + i);
        const Answer answer = Submit(first, 1 + i % 3).get();
        ASSERT_THAT(answer, IsOk());
        EXPECT_EQ(answer->embeddings[0], first + 0.5F);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace timbre::embed
