#include "core/audio/chunk_decoder.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "tests/core/audio/encode_audio.h"
#include "tests/support/exhausted.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"

namespace timbre::audio {
namespace {

using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;
using timbre::testing::WhiteNoise;

constexpr int64_t kSeconds = 30;

struct Taken {
  std::vector<WindowStream::Window> windows;
  absl::Status end;
};

// Pushes the bytes in chunks, by turns in both ways, closes, and takes all windows.
Taken Take(ChunkDecoder& decoder, std::span<const std::byte> bytes, size_t chunk) {
  bool as_text = false;
  for (size_t at = 0; at < bytes.size(); at += chunk) {
    const auto part = bytes.subspan(at, std::min(chunk, bytes.size() - at));
    std::string text(reinterpret_cast<const char*>(part.data()), part.size());
    EXPECT_THAT((as_text = !as_text) ? decoder.Push(std::move(text)) : decoder.Push(part), IsOk());
  }
  Taken taken;
  taken.end = decoder.Close();
  while (taken.end.ok()) {
    auto next = decoder.Next();
    taken.end = next.status();
    if (!next.ok() || !next->has_value()) break;
    taken.windows.push_back(*std::move(*next));
  }
  return taken;
}

class EncodedChunksTest : public ::testing::Test {
 protected:
  std::unique_ptr<ChunkDecoder> Decoder(const DecodeLimits& limits = {}) {
    return ChunkDecoder::ForEncoded(folder_.path(), 1 << 30, limits).value();
  }
  const timbre::testing::TempDir folder_;
  // At another rate, so that the resampler has its part.
  const std::vector<float> clip_ = WhiteNoise(0.1, kSeconds * 16000, 4);
  const std::vector<std::byte> flac_ = timbre::testing::EncodeAudio(
      clip_, {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16, .sample_rate_hz = 16000});
};

TEST_F(EncodedChunksTest, TheWindowsAreThoseOfTheWholeFileForChunksOfAnySize) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Waveform whole, DecodeBytesTo22050(flac_, {}));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto spans, PlanWindows(static_cast<int64_t>(whole.samples.size())));
  for (const size_t chunk : {size_t{777}, size_t{65536}, flac_.size()}) {
    const auto decoder = Decoder();
    const Taken taken = Take(*decoder, flac_, chunk);
    ASSERT_THAT(taken.end, IsOk());
    ASSERT_EQ(taken.windows.size(), spans.size());
    std::vector<float> window(kWindowSamples);
    for (size_t i = 0; i < spans.size(); ++i) {
      EXPECT_EQ(taken.windows[i].span, spans[i]);
      CopyWindow(whole.samples, spans[i], window);
      EXPECT_TRUE(std::ranges::equal(taken.windows[i].samples, window)) << i;
    }
    EXPECT_DOUBLE_EQ(decoder->audio_seconds(), static_cast<double>(kSeconds));
  }
}

TEST_F(EncodedChunksTest, WhatTheHeaderShowsIsSaidBeforeAnyWindow) {
  const auto not_audio = std::as_bytes(std::span("this is no music at all"));
  EXPECT_THAT(Decoder()->Close(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no audio")));
  const Taken text = Take(*Decoder(), not_audio, 5);
  EXPECT_THAT(text.end, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown audio format")));
  const Taken rate = Take(*Decoder({.min_sample_rate_hz = 20000}), flac_, 65536);
  EXPECT_THAT(rate.end, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("16000 Hz")));
  EXPECT_TRUE(rate.windows.empty());
}

TEST_F(EncodedChunksTest, WhatIsWrongInTheMidstIsSaidAfterTheWindowsBefore) {
  std::vector<std::byte> broken = flac_;
  std::fill(broken.begin() + static_cast<std::ptrdiff_t>(broken.size() / 2), broken.end(), std::byte{0x55});
  const Taken taken = Take(*Decoder(), broken, 65536);
  EXPECT_THAT(taken.end, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_GT(taken.windows.size(), 3U);
  EXPECT_LT(taken.windows.size(), 7U);
}

TEST_F(EncodedChunksTest, AudioThatIsTooLongIsRefusedAtOnceWhereTheHeaderTellsElseAtTheLimit) {
  const DecodeLimits limits = {.max_duration = absl::Seconds(10)};
  const Taken told = Take(*Decoder(limits), flac_, 65536);
  EXPECT_THAT(told.end, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("10s")));
  EXPECT_THAT(told.end, timbre::testing::IsExhausted(base::Exhausted::kLimit));
  EXPECT_TRUE(told.windows.empty());
  const auto mp3 = timbre::testing::EncodeAudio(
      clip_, {.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, .sample_rate_hz = 16000});
  const auto decoder = Decoder(limits);
  const Taken met = Take(*decoder, mp3, 65536);
  EXPECT_THAT(met.end, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("10s")));
  EXPECT_EQ(met.windows.size(), 3U);
  EXPECT_EQ(decoder->Next().status(), met.end);  // it stays so
}

TEST_F(EncodedChunksTest, TheSpoolFileGoesWithTheDecoder) {
  auto decoder = Decoder();
  EXPECT_FALSE(std::filesystem::is_empty(folder_.path()));
  Take(*decoder, flac_, 65536);
  decoder.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

class PcmChunksTest : public ::testing::Test {
 protected:
  static constexpr int kRate = 16000;
  static std::unique_ptr<ChunkDecoder> Decoder() {
    return ChunkDecoder::ForPcm({SampleFormat::kFloat32, kRate, 1}, {}).value();
  }
  std::vector<float> clip_ = WhiteNoise(0.1, kSeconds* kRate, 4);
};

TEST_F(PcmChunksTest, TheWindowsAreThoseOfTheWholeForChunksOfAnySizeThatCutFramesToo) {
  const auto bytes = std::as_bytes(std::span(clip_));
  const auto decoder = Decoder();
  const Taken whole = Take(*decoder, bytes, bytes.size());
  ASSERT_THAT(whole.end, IsOk());
  EXPECT_DOUBLE_EQ(decoder->audio_seconds(), static_cast<double>(kSeconds));
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto spans, PlanWindows(kSeconds * kSampleRateHz));
  ASSERT_EQ(whole.windows.size(), spans.size());
  for (const size_t chunk : {size_t{777}, size_t{65536}}) {
    const Taken taken = Take(*Decoder(), bytes, chunk);
    ASSERT_THAT(taken.end, IsOk());
    ASSERT_EQ(taken.windows.size(), spans.size());
    for (size_t i = 0; i < spans.size(); ++i) {
      EXPECT_EQ(taken.windows[i].span, spans[i]);
      EXPECT_EQ(taken.windows[i].samples, whole.windows[i].samples) << i;
    }
  }
}

TEST_F(PcmChunksTest, ASampleThatIsNoneIsSaidAfterTheWindowsBeforeIt) {
  clip_[20 * kRate] = std::numeric_limits<float>::quiet_NaN();
  const auto decoder = Decoder();
  const Taken taken = Take(*decoder, std::as_bytes(std::span(clip_)), clip_.size() * sizeof(float));
  EXPECT_THAT(taken.end, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("NaN")));
  EXPECT_EQ(taken.windows.size(), 7U);  // of 2.68 s, before second 20
  EXPECT_EQ(decoder->Next().status(), taken.end);
}

TEST_F(PcmChunksTest, WindowsComeWhileTheStreamIsOpenAndAFrameThatIsCutAtItsEndIsTold) {
  const auto decoder = Decoder();
  const auto bytes = std::as_bytes(std::span(clip_));
  ASSERT_THAT(decoder->Push(bytes.first(3 * kRate * sizeof(float) + 1)), IsOk());
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto window, decoder->Next());
  ASSERT_TRUE(window.has_value());
  EXPECT_EQ(window->span.start_samples, 0);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto none, decoder->Next());
  EXPECT_FALSE(none.has_value());
  EXPECT_THAT(decoder->Close(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1 bytes are left")));
}

}  // namespace
}  // namespace timbre::audio
