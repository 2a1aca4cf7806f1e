#include "core/pipeline/clip_embeddings.h"

#include <gmock/gmock.h>

#include "core/audio/windows.h"
#include "tests/core/pipeline/pipeline_fixture.h"
#include "tests/fakes/fake_encoder.h"

namespace timbre::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;

class ClipEmbeddingsTest : public PipelineTest {
 protected:
  fakes::FakeEncoder encoder_;
};

TEST_F(ClipEmbeddingsTest, AClipsEmbeddingIsTheMeanOverAllItsWindows) {
  const auto data = Corpus("clips", 3);
  std::vector<int64_t> progress;
  const auto on_clip = [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 3);
    progress.push_back(done);
  };
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto set, EmbedLabeledClips(*data, encoder_, 4, {}, on_clip));
  EXPECT_THAT(progress, ElementsAre(1, 2, 3));
  EXPECT_EQ(set.count, 3);
  EXPECT_EQ(set.dim, 4);
  EXPECT_THAT(set.track_ids, ElementsAre("clips0", "clips1", "clips2"));
  EXPECT_THAT(set.labels, ElementsAre(1, 0, 0, 1, 1, 0));
  EXPECT_EQ(encoder_.windows(), 6);
  EXPECT_EQ(encoder_.calls(), 2);

  const dataset::Clip& clip = data->clips()[1];
  std::vector<double> expected(4, 0.0);
  for (const int64_t start : {int64_t{0}, clip.length_samples - audio::kWindowSamples}) {
    std::vector<float> window(static_cast<size_t>(audio::kWindowSamples));
    std::vector<float> embedding(4);
    data->ReadFloat(clip, start, window);
    ASSERT_THAT(encoder_.Encode(window, 1, embedding), IsOk());
    for (size_t d = 0; d < 4; ++d) expected[d] += embedding[d] / 2.0;
  }
  for (size_t d = 0; d < 4; ++d) EXPECT_NEAR(set.embeddings[4 + d], expected[d], 1e-7);
}

TEST_F(ClipEmbeddingsTest, TheBatchSizeChangesNothing) {
  const auto data = Corpus("clips", 5);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto one, EmbedLabeledClips(*data, encoder_, 1, {}, nullptr));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto many, EmbedLabeledClips(*data, encoder_, 7, {}, nullptr));
  EXPECT_EQ(one.embeddings, many.embeddings);
}

TEST_F(ClipEmbeddingsTest, ClipsWithoutARowAreLeftOutAndShortOnesAreRepeated) {
  timbre::testing::WriteTinyCorpus(dir_.path(), "clips", 2);
  timbre::testing::WriteAudio(dir_ / "clips" / "unlabelled.wav", timbre::testing::Sine(440, 0.3, 62000));
  timbre::testing::WriteAudio(dir_ / "clips" / "clips0.wav", timbre::testing::Sine(440, 0.3, 5000));
  const auto data = Ingest("clips");
  ASSERT_EQ(data->clips().size(), 3U);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto set, EmbedLabeledClips(*data, encoder_, 4, {}, nullptr));
  EXPECT_EQ(set.count, 2);
  EXPECT_EQ(encoder_.windows(), 3);
}

TEST_F(ClipEmbeddingsTest, ACancelIsSeenBetweenBatches) {
  const auto data = Corpus("clips", 3);
  base::CancelSource source;
  const auto cancel_at_once = [&](int64_t, int64_t) { source.Cancel(absl::CancelledError("enough")); };
  EXPECT_THAT(EmbedLabeledClips(*data, encoder_, 2, source.token(), cancel_at_once),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("enough")));
  EXPECT_EQ(encoder_.calls(), 1);
}

}  // namespace
}  // namespace timbre::pipeline
