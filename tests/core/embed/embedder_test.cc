#include "core/embed/embedder.h"

#include <future>
#include <thread>

#include "absl/synchronization/notification.h"
#include "core/base/retry_after.h"
#include "core/embed/pooling.h"
#include "tests/core/embed/embedder_fixture.h"

namespace timbre::embed {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

TEST_F(EmbedderTest, AClipsWindowsAreEmbeddedAndAveraged) {
  Start();
  const std::vector<float> clip = Noise(3 * kWindow / 2, 1);
  const Answer answer = Embed(Of(Pcm(clip)));
  ASSERT_THAT(answer, IsOk());
  ASSERT_EQ(answer->windows.size(), 2U);
  EXPECT_EQ(answer->windows[1].start_samples, kWindow / 2);
  EXPECT_THAT(answer->window_embeddings, ElementsAreArray(Expected(clip, 1.0F)));
  EXPECT_THAT(answer->clip_embedding, ElementsAreArray(MeanOverWindows(answer->window_embeddings, 2, kDim)));
  EXPECT_EQ(answer->dim, kDim);
  EXPECT_EQ(answer->model->version.version, 1);
  EXPECT_EQ(answer->tagger, nullptr);
  EXPECT_NEAR(answer->audio_seconds, 1.5 * kWindow / 22050.0, 1e-4);
}

TEST_F(EmbedderTest, EncodedAudioGivesTheSameAsItsPcm) {
  Start();
  const std::vector<float> clip = Noise(70000, 2);
  const Answer encoded = Embed(Of(EncodedAudio{WavBytes(clip)}));
  const Answer pcm = Embed(Of(Pcm(clip)));
  ASSERT_THAT(encoded, IsOk());
  EXPECT_EQ(encoded->window_embeddings, pcm->window_embeddings);
}

TEST_F(EmbedderTest, ALongClipGoesInPiecesAndNeverFillsTheQueue) {
  options_.batcher.limits.max_batch_windows = 3;
  Start();
  const std::vector<float> clip = Noise(20 * kWindow + 1, 3);
  const Answer answer = Embed(Of(Pcm(clip)));
  ASSERT_THAT(answer, IsOk());
  ASSERT_EQ(answer->windows.size(), 21U);
  EXPECT_THAT(answer->window_embeddings, ElementsAreArray(Expected(clip, 1.0F)));
  EXPECT_LE(encoder(1)->largest_batch(), 3);
}

TEST_F(EmbedderTest, TagsScoreTheClipAndEachWindow) {
  Start();
  const Answer answer = Embed(WithTags(Of(Pcm(Noise(2 * kWindow, 4)))));
  ASSERT_THAT(answer, IsOk());
  ASSERT_NE(answer->tagger, nullptr);
  EXPECT_EQ(answer->clip_scores, answer->tagger->Score(answer->clip_embedding));
  ASSERT_EQ(answer->window_scores.size(), 4U);
  const auto second = answer->tagger->Score(std::span(answer->window_embeddings).subspan(kDim, kDim));
  EXPECT_EQ(answer->window_scores[2], second[0]);
  EXPECT_EQ(answer->window_scores[3], second[1]);
}

TEST_F(EmbedderTest, WhatIsWrongWithARequestIsSaid) {
  Start();
  const std::vector<float> clip = Noise(kWindow, 5);
  EmbedRequest unknown = Of(Pcm(clip));
  unknown.model.model = "nobody";
  EXPECT_THAT(Embed(unknown), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Embed(Of(EncodedAudio{"this is no music"})), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Embed(Of(Pcm(Noise(100, 5)))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too short")));
  EXPECT_THAT(Embed(WithTags(Of(Pcm(clip), 2))),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("tagger")));
  EXPECT_EQ(encoders_calls(), 2);  // the warm-ups of the two versions
}

TEST_F(EmbedderTest, AnotherEmbeddingSpaceIsRefusedAndBothAreNamed) {
  Start();
  const std::string space = VersionOf(1).space_id;
  EmbedRequest request = Of(Pcm(Noise(kWindow, 6)));
  request.expect_space_id = space;
  EXPECT_THAT(Embed(request), IsOk());
  request.expect_space_id = "0123";
  EXPECT_THAT(Embed(request),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr(space), HasSubstr("0123"))));
}

TEST_F(EmbedderTest, AnExpiredOrCancelledRequestIsNotEvenDecoded) {
  Start();
  EmbedRequest late = Of(EncodedAudio{"garbage"});
  late.deadline = clock_.Now();
  EXPECT_THAT(Embed(late), StatusIs(absl::StatusCode::kDeadlineExceeded));
  base::CancelSource client;
  client.Cancel(absl::CancelledError("gone"));
  EmbedRequest cancelled = Of(EncodedAudio{"garbage"});
  cancelled.cancel = client.token();
  EXPECT_THAT(Embed(cancelled), StatusIs(absl::StatusCode::kCancelled, HasSubstr("gone")));
  EXPECT_EQ(observer_.requests, 2);
  EXPECT_EQ(observer_.failed, 2);
}

TEST_F(EmbedderTest, ARequestThatExpiresOrIsCancelledWhileItWaitsForADecoderGetsNothingDone) {
  Start();
  timbre::testing::BusyThread decoder(embedder_->decode_pool());
  EmbedRequest late = Of(EncodedAudio{"garbage"});
  late.deadline = clock_.Now() + absl::Milliseconds(20);
  base::CancelSource client;
  EmbedRequest cancelled = Of(EncodedAudio{"garbage"});
  cancelled.cancel = client.token();
  auto expires = EmbedLater(late), goes = EmbedLater(cancelled);
  ASSERT_TRUE(timbre::testing::Eventually(
      [&] { return embedder_->load().oldest_decode_wait >= absl::Milliseconds(20); }));
  client.Cancel(absl::CancelledError("gone"));
  decoder.Release();
  EXPECT_THAT(expires.get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(goes.get(), StatusIs(absl::StatusCode::kCancelled, HasSubstr("gone")));
  EXPECT_EQ(encoders_calls(), 0);  // not even a warm-up
  EXPECT_EQ(embedder_->load().windows_inside, 0);
}

TEST_F(EmbedderTest, ALongRequestThatIsCancelledBetweenItsPiecesGetsNoFurtherBatch) {
  options_.batcher.limits.max_batch_windows = 1;
  Start();
  ASSERT_THAT(Embed(Of(Pcm(Noise(kWindow, 7)))), IsOk());
  const auto engine = encoder(1);
  const int64_t calls = engine->calls();
  engine->Hold();
  base::CancelSource client;
  EmbedRequest request = Of(Pcm(Noise(9 * kWindow, 7)));
  request.cancel = client.token();
  auto answer = EmbedLater(request);
  ASSERT_TRUE(timbre::testing::Eventually(
      [&] { return engine->calls() > calls; }));  // the first piece is in the engine
  client.Cancel(absl::CancelledError("gone"));
  engine->Release();
  EXPECT_THAT(answer.get(), StatusIs(absl::StatusCode::kCancelled, HasSubstr("gone")));
  embedder_->Stop();  // whatever was under way has ended
  EXPECT_EQ(engine->calls(), calls + 1);
  EXPECT_EQ(embedder_->load().windows_inside, 0);
}

TEST_F(EmbedderTest, WhatWaitsForADecoderCountsForTheAgeOfTheQueue) {
  Start();
  EXPECT_EQ(embedder_->load().oldest_decode_wait, absl::ZeroDuration());
  timbre::testing::BusyThread decoder(embedder_->decode_pool());
  auto waits = EmbedLater(Of(EncodedAudio{WavBytes(Noise(kWindow, 7))}));
  ASSERT_TRUE(timbre::testing::Eventually(
      [&] { return embedder_->load().oldest_decode_wait >= absl::Milliseconds(5); }));
  decoder.Release();
  EXPECT_THAT(waits.get(), IsOk());
  EXPECT_EQ(embedder_->load().oldest_decode_wait, absl::ZeroDuration());
}

TEST_F(EmbedderTest, AFullDecodePoolRefusesAtOnce) {
  options_.decode_queue_capacity = 1;
  Start();
  timbre::testing::BusyThread decoder(embedder_->decode_pool());
  auto waiting = EmbedLater(Of(Pcm(Noise(kWindow, 7))));
  EXPECT_THAT(Embed(Of(Pcm(Noise(kWindow, 7)))), StatusIs(absl::StatusCode::kResourceExhausted));
  decoder.Release();
  EXPECT_THAT(waiting.get(), IsOk());
}

TEST_F(EmbedderTest, AWindowForAModelInMemoryWaitsForNoDecoder) {
  Start();
  ASSERT_THAT(Embed(Of(Pcm(Noise(kWindow, 7)))), IsOk());
  absl::Notification go_on;
  ASSERT_THAT(embedder_->decode_pool().Schedule([&] { go_on.WaitForNotification(); }), IsOk());
  EXPECT_THAT(Embed(Of(Pcm(Noise(kWindow, 7)))), IsOk());
  EmbedRequest elsewhere = Of(Pcm(Noise(kWindow, 7)));
  elsewhere.expect_space_id = "0123";
  EXPECT_THAT(Embed(elsewhere), StatusIs(absl::StatusCode::kFailedPrecondition));
  go_on.Notify();
  embedder_->Stop();  // the pool's thread is out of `go_on`
}

TEST_F(EmbedderTest, AFullHouseRefusesBeforeAnythingIsDecoded) {
  options_.queue_capacity_windows = 2;
  Start();
  ASSERT_THAT(Embed(Of(Pcm(Noise(kWindow, 7)))), IsOk());
  encoder(1)->Hold();
  auto inside = EmbedLater(Of(Pcm(Noise(2 * kWindow - 1, 7))));
  const Answer refused = Embed(Of(EncodedAudio{"garbage"}));  // which decoding would say
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("limit of 2")));
  EXPECT_TRUE(base::RetryAfterOf(refused.status()).has_value());
  EXPECT_EQ(embedder_->load().windows_inside, 2);
  encoder(1)->Release();
  EXPECT_THAT(inside.get(), IsOk());
  EXPECT_EQ(embedder_->load().windows_inside, 0);
}

TEST_F(EmbedderTest, AFileThatTurnsOutLongerThanTheHouseIsRefusedWithItsLength) {
  options_.queue_capacity_windows = 4;
  Start();
  EXPECT_THAT(Embed(Of(EncodedAudio{WavBytes(Noise(9 * kWindow, 7))})),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("9 windows")));
  EXPECT_EQ(embedder_->load().windows_inside, 0);
}

TEST_F(EmbedderTest, TheAnswerIsMadeAndTimedBeforeTheCallerIsTold) {
  Start();
  EmbedRequest request = Of(Pcm(Noise(kWindow, 7)));
  int64_t windows = 0;
  request.encode = [&](const EmbedResult& result) { windows = static_cast<int64_t>(result.windows.size()); };
  const Answer answer = Embed(std::move(request));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(windows, 1);
  EXPECT_GE(answer->timings.encode, absl::ZeroDuration());
}

TEST_F(EmbedderTest, StopFinishesWhatIsInFlightAndRefusesTheRest) {
  options_.batcher.limits.max_batch_windows = 2;
  Start();
  ASSERT_THAT(Embed(Of(Pcm(Noise(kWindow, 8)))), IsOk());
  encoder(1)->Hold();
  auto in_flight = EmbedLater(Of(Pcm(Noise(9 * kWindow, 8))));
  std::thread stop([this] { embedder_->Stop(); });
  encoder(1)->Release();
  EXPECT_THAT(in_flight.get(), IsOk());
  stop.join();
  EXPECT_THAT(Embed(Of(Pcm(Noise(kWindow, 8)))), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(EmbedderTest, AFailingEngineFailsALongRequestOnce) {
  options_.batcher.limits.max_batch_windows = 2;
  Start();
  ASSERT_THAT(Embed(Of(Pcm(Noise(kWindow, 9)))), IsOk());
  encoder(1)->SetFailure(absl::ResourceExhaustedError("out of device memory"));
  EXPECT_THAT(Embed(Of(Pcm(Noise(9 * kWindow, 9)))), StatusIs(absl::StatusCode::kResourceExhausted));
  encoder(1)->SetFailure(absl::OkStatus());
  EXPECT_THAT(Embed(Of(Pcm(Noise(kWindow, 9)))), IsOk());
}

TEST_F(EmbedderTest, EachVersionAnswersForItself) {
  Start();
  const std::vector<float> clip = Noise(kWindow, 10);
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(EmbedLater(Of(Pcm(clip), 1 + i % 2)));
  }
  for (int i = 0; i < 20; ++i) {
    const Answer answer = answers[static_cast<size_t>(i)].get();
    ASSERT_THAT(answer, IsOk());
    EXPECT_THAT(answer->window_embeddings, ElementsAreArray(Expected(clip, i % 2 == 0 ? 1.0F : 2.0F)));
  }
}

TEST_F(EmbedderTest, AnEvictedVersionsEncoderIsFreed) {
  registry_capacity_ = 1;
  Start();
  ASSERT_THAT(Embed(Of(Pcm(Noise(kWindow, 11)), 1)), IsOk());
  EXPECT_FALSE(encoders_[1].expired());
  ASSERT_THAT(Embed(Of(Pcm(Noise(kWindow, 11)), 2)), IsOk());
  const absl::Time until = absl::Now() + absl::Seconds(20);
  while (!encoders_[1].expired() && absl::Now() < until) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_TRUE(encoders_[1].expired());
}

TEST_F(EmbedderTest, AForgottenVersionEndsItsBatcherAndAStreamMayFinishWithIt) {
  Start();
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto stream, embedder_->OpenStream({}, "", true));
  ASSERT_NE(stream.tagger, nullptr);
  ASSERT_THAT(SubmitWindow(stream), IsOk());
  registry_->Evict("music", 1);
  embedder_->Forget("music", 1);
  EXPECT_THAT(SubmitWindow(stream), IsOk());
}

TEST_F(EmbedderTest, TimesAddUpToTheTotal) {
  Start();
  const Answer answer = Embed(Of(Pcm(Noise(kWindow, 12))));
  ASSERT_THAT(answer, IsOk());
  const Timings& timings = answer->timings;
  EXPECT_GE(timings.decode, absl::ZeroDuration());
  EXPECT_GE(timings.queue, absl::ZeroDuration());
  EXPECT_GE(timings.encode, absl::ZeroDuration());
  EXPECT_LE(timings.decode + timings.queue + timings.infer + timings.encode, timings.total);
}

}  // namespace
}  // namespace timbre::embed
