#include "core/audio/resampler.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/audio/windows.h"
#include "core/base/random.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::audio {
namespace {

using timbre::testing::IsOk;
using timbre::testing::Sine;
using timbre::testing::StatusIs;
using timbre::testing::WhiteNoise;

std::vector<float> ResampleInChunks(const std::vector<float>& input, int rate_hz, int64_t largest_chunk) {
  auto resampler = StreamResampler::Create(rate_hz).value();
  base::Random random({static_cast<uint64_t>(rate_hz), static_cast<uint64_t>(largest_chunk)});
  std::vector<float> out;
  for (std::span<const float> rest = input; !rest.empty();) {
    const auto size =
        std::min<int64_t>(random.UniformInt(0, largest_chunk), static_cast<int64_t>(rest.size()));
    EXPECT_THAT(resampler->Push(rest.first(static_cast<size_t>(size)), out), IsOk());
    rest = rest.subspan(static_cast<size_t>(size));
  }
  EXPECT_THAT(resampler->Finish(out), IsOk());
  return out;
}

TEST(ResamplerTest, TheCutIntoChunksChangesNoBit) {
  for (int rate_hz : {8000, 16000, 22050, 44100, 48000, 192000, 31999}) {
    const auto input = WhiteNoise(0.3, 30000, static_cast<uint64_t>(rate_hz));
    const auto whole = ResampleTo22050({input, rate_hz}).value();
    EXPECT_EQ(whole.sample_rate_hz, kSampleRateHz);
    for (int64_t largest : {7, 500, 4096, 20000}) {
      EXPECT_EQ(ResampleInChunks(input, rate_hz, largest), whole.samples)
          << rate_hz << " Hz, chunks to " << largest;
    }
  }
}

TEST(ResamplerTest, ASineStaysASine) {
  for (int rate_hz : {8000, 11025, 16000, 32000, 44100, 48000, 96000, 192000, 384000}) {
    const auto output =
        ResampleTo22050({Sine(1000, 0.5, static_cast<size_t>(rate_hz), rate_hz), rate_hz}).value();
    const auto ideal = Sine(1000, 0.5, kSampleRateHz);
    ASSERT_EQ(output.samples.size(), ideal.size());
    // The ends, where the signal starts and stops, ring.
    for (size_t i = 1000; i + 1000 < ideal.size(); ++i)
      ASSERT_NEAR(output.samples[i], ideal[i], 2e-4) << rate_hz;
  }
}

TEST(ResamplerTest, WhatLiesAboveTheNewNyquistIsGone) {
  const auto output = ResampleTo22050({Sine(15000, 0.5, 44100, 44100), 44100}).value();
  const std::vector<float> middle(output.samples.begin() + 1000, output.samples.end() - 1000);
  EXPECT_LT(timbre::testing::Rms(middle), 1e-4);
}

TEST(ResamplerTest, TheLengthIsTheRoundedRatio) {
  base::Random random({5});
  for (int i = 0; i < 100; ++i) {
    const auto rate_hz = static_cast<int>(random.UniformInt(4000, 384000));
    const int64_t samples = random.UniformInt(1, 20000);
    const auto output =
        ResampleTo22050({std::vector<float>(static_cast<size_t>(samples), 0.1F), rate_hz}).value();
    const auto expected = std::llround(static_cast<double>(samples) * kSampleRateHz / rate_hz);
    EXPECT_EQ(static_cast<int64_t>(output.samples.size()), expected) << samples << " at " << rate_hz;
  }
}

TEST(ResamplerTest, AudioAt22050HzPassesUntouched) {
  const auto input = WhiteNoise(2.0, 5000, 1);
  EXPECT_EQ(ResampleTo22050({input, kSampleRateHz}).value().samples, input);
}

TEST(ResamplerTest, ARateThatIsNotPositiveIsRefused) {
  EXPECT_THAT(StreamResampler::Create(0), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(StreamResampler::Create(-1), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ResamplerTest, AnEmptyStreamGivesNothing) {
  auto resampler = StreamResampler::Create(44100).value();
  std::vector<float> out;
  EXPECT_THAT(resampler->Finish(out), IsOk());
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace timbre::audio
