#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "core/audio/decoder.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::audio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

template <typename T>
std::vector<std::byte> Bytes(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

constexpr PcmFormat kMonoFloat{SampleFormat::kFloat32, 22050, 1};

TEST(PcmTest, Int16IsScaledBy32768) {
  const auto waveform =
      DecodePcm(Bytes<int16_t>({0, 16384, -32768, 32767}), {SampleFormat::kInt16, 8000, 1}, {});
  ASSERT_THAT(waveform, IsOk());
  EXPECT_EQ(waveform->sample_rate_hz, 8000);
  EXPECT_THAT(waveform->samples, ElementsAre(0.0F, 0.5F, -1.0F, 32767.0F / 32768.0F));
}

TEST(PcmTest, FloatsPassAndMayExceedOne) {
  const auto waveform = DecodePcm(Bytes<float>({0.25F, -2.0F}), kMonoFloat, {});
  ASSERT_THAT(waveform, IsOk());
  EXPECT_THAT(waveform->samples, ElementsAre(0.25F, -2.0F));
}

TEST(PcmTest, ChannelsAreAveraged) {
  const auto waveform =
      DecodePcm(Bytes<float>({1, 0, 0.5, -0.5, -1, -1}), {SampleFormat::kFloat32, 44100, 2}, {});
  ASSERT_THAT(waveform, IsOk());
  EXPECT_THAT(waveform->samples, ElementsAre(0.5F, 0.0F, -1.0F));
}

TEST(PcmTest, LongPcmEqualsItsSamples) {
  const auto samples = timbre::testing::WhiteNoise(0.3, 50000, 1);
  const auto waveform = DecodePcm(Bytes(samples), kMonoFloat, {});
  ASSERT_THAT(waveform, IsOk());
  EXPECT_EQ(waveform->samples, samples);
}

TEST(PcmTest, EmptyPcmIsRefused) {
  EXPECT_THAT(DecodePcm({}, kMonoFloat, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty")));
}

TEST(PcmTest, BytesThatAreNoWholeFramesAreRefused) {
  EXPECT_THAT(DecodePcm(std::vector<std::byte>(10), {SampleFormat::kInt16, 22050, 2}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("10 bytes")));
}

TEST(PcmTest, NanInfinityAndWhatIsFarTooLoudAreRefusedAndTheFrameIsNamed) {
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1e30F}) {
    std::vector<float> samples(10000, 0.1F);
    samples[9999] = bad;
    EXPECT_THAT(DecodePcm(Bytes(samples), kMonoFloat, {}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("frame 9999")));
  }
}

TEST(PcmTest, IntegersTakenForNumbersAreLoudButAllowed) {
  EXPECT_THAT(DecodePcm(Bytes(std::vector<float>(10000, -2147483648.0F)), kMonoFloat, {}), IsOk());
}

TEST(PcmTest, OppositesThatAreNotAllowedDoNotCancelOut) {
  for (const float bad : {std::numeric_limits<float>::infinity(), 1e30F}) {
    EXPECT_THAT(DecodePcm(Bytes<float>({bad, -bad}), {SampleFormat::kFloat32, 22050, 2}, {}),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(PcmTest, ChannelsAndRatesOutsideTheLimitsAreRefusedWithTheLimit) {
  const DecodeLimits limits;
  const auto check = [&limits](int channels, int rate_hz) {
    return CheckPcmFormat({SampleFormat::kInt16, rate_hz, channels}, limits);
  };
  EXPECT_THAT(check(16, 4000), IsOk());
  EXPECT_THAT(check(1, 384000), IsOk());
  EXPECT_THAT(check(17, 44100),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("17 channels; 1 to 16")));
  EXPECT_THAT(check(0, 44100), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(check(1, 3999), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("4000 to 384000")));
  EXPECT_THAT(check(1, 384001), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(check(1, 0), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PcmTest, MoreThanTheLongestDurationIsRefused) {
  DecodeLimits limits;
  limits.max_duration = absl::Seconds(1);
  EXPECT_THAT(DecodePcm(Bytes(std::vector<float>(22050)), kMonoFloat, limits), IsOk());
  EXPECT_THAT(DecodePcm(Bytes(std::vector<float>(22051)), kMonoFloat, limits),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("1s")));
}

}  // namespace
}  // namespace timbre::audio
