#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "core/audio/decoder.h"
#include "core/base/random.h"
#include "tests/core/audio/encode_audio.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::audio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using timbre::testing::EncodeAudio;
using timbre::testing::Find;
using timbre::testing::Interleave;
using timbre::testing::IsOk;
using timbre::testing::Overwrite;
using timbre::testing::Sine;
using timbre::testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int kWav16 = SF_FORMAT_WAV | SF_FORMAT_PCM_16;

std::vector<std::byte> Text(const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

std::vector<std::byte> Cut(std::vector<std::byte> bytes, double part) {
  bytes.resize(static_cast<size_t>(static_cast<double>(bytes.size()) * part));
  return bytes;
}

TEST(DecoderBadInputTest, AnEmptyBodyIsRefused) {
  EXPECT_THAT(DecodeBytes({}, {}), StatusIs(kInvalid, HasSubstr("empty")));
}

TEST(DecoderBadInputTest, ATextFileIsRefusedAndTheAllowedFormatsAreNamed) {
  EXPECT_THAT(
      DecodeBytes(Text("This is no music, whatever its name says.\n"), {}),
      StatusIs(kInvalid, AllOf(HasSubstr("unknown audio format"), HasSubstr("FLAC"), HasSubstr("MP3"))));
  EXPECT_THAT(DecodeBytes(Text("x"), {}), StatusIs(kInvalid));
}

TEST(DecoderBadInputTest, AFormatThatIsNotOnTheListIsRefused) {
  const std::vector<float> sine = Sine(440, 0.5, 5000);
  for (int format : {SF_FORMAT_W64 | SF_FORMAT_PCM_16, SF_FORMAT_RF64 | SF_FORMAT_PCM_16,
                     SF_FORMAT_VOC | SF_FORMAT_PCM_16, SF_FORMAT_NIST | SF_FORMAT_PCM_16}) {
    EXPECT_THAT(DecodeBytes(EncodeAudio(sine, {.format = format}), {}),
                StatusIs(kInvalid, HasSubstr("unknown")));
  }
  for (int format : {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
                     SF_FORMAT_CAF | SF_FORMAT_ALAC_16}) {
    EXPECT_THAT(DecodeBytes(EncodeAudio(sine, {.format = format}), {}),
                StatusIs(kInvalid, HasSubstr("codec")));
  }
}

TEST(DecoderBadInputTest, AWavHeaderThatClaimsABillionFramesIsRefusedAtOnce) {
  for (int channels : {1, 2}) {
    auto bytes =
        EncodeAudio(Interleave(Sine(440, 0.5, 1000), std::vector<float>(static_cast<size_t>(channels), 1)),
                    {kWav16, channels, 22050});
    Overwrite<uint32_t>(bytes, Find(bytes, "data") + 4, 1'000'000'000U * 2 * static_cast<uint32_t>(channels));
    EXPECT_THAT(DecodeBytes(bytes, {}), StatusIs(kInvalid, AllOf(HasSubstr("promises 1000000000 frames"),
                                                                 HasSubstr("1000 are there"))));
  }
}

TEST(DecoderBadInputTest, AFlacHeaderThatClaimsABillionFramesIsRefused) {
  auto bytes = EncodeAudio(Sine(440, 0.5, 10000), {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16});
  // STREAMINFO: the low 32 bits of the total stand 22 bytes after "fLaC", big endian.
  Overwrite<uint32_t>(bytes, 22, __builtin_bswap32(1'000'000'000U));
  EXPECT_THAT(DecodeBytes(bytes, {}), StatusIs(kInvalid));
}

TEST(DecoderBadInputTest, TruncatedFilesOfExactLengthAreRefused) {
  const auto noise = timbre::testing::WhiteNoise(0.3, 60000, 1);
  for (int format : {kWav16, SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                     SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_AU | SF_FORMAT_PCM_16,
                     SF_FORMAT_CAF | SF_FORMAT_PCM_16}) {
    const auto bytes = EncodeAudio(noise, {.format = format});
    for (double part : {0.3, 0.5, 0.99}) {
      EXPECT_THAT(DecodeBytes(Cut(bytes, part), {}), StatusIs(kInvalid))
          << std::hex << format << " cut to " << part;
    }
    EXPECT_THAT(DecodeBytes(Cut(bytes, 0.0004), {}), StatusIs(kInvalid)) << std::hex << format;
  }
}

TEST(DecoderBadInputTest, ATruncatedFlacSaysWhatIsThere) {
  const auto bytes =
      EncodeAudio(timbre::testing::WhiteNoise(0.3, 60000, 1), {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16});
  EXPECT_THAT(DecodeBytes(Cut(bytes, 0.5), {}), StatusIs(kInvalid, HasSubstr("truncated")));
}

TEST(DecoderBadInputTest, TruncatedFilesOfEstimatedLengthGiveTheirDecodedPart) {
  const auto noise = timbre::testing::WhiteNoise(0.3, 96000, 1);
  for (int format : {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                     SF_FORMAT_OGG | SF_FORMAT_OPUS}) {
    const auto decoded = DecodeBytes(Cut(EncodeAudio(noise, {format, 1, 48000}), 0.6), {});
    ASSERT_THAT(decoded, IsOk()) << std::hex << format;
    EXPECT_GT(decoded->samples.size(), 20000U);
    EXPECT_LT(decoded->samples.size(), 90000U);
  }
}

TEST(DecoderBadInputTest, AWavWrittenToAPipeIsReadToItsEnd) {
  const auto sine = Sine(440, 0.5, 3000);
  const auto original = EncodeAudio(sine, {.format = kWav16});
  struct Sizes {
    uint32_t riff, data;
  };
  for (const Sizes sizes : {Sizes{0xffffffff, 0xffffffff}, Sizes{0xffffffff, 0xffffffff - 36}, Sizes{0, 0},
                            Sizes{8, 0}, Sizes{0xffffffff, 0}, Sizes{0x7ffff024, 0x7ffff000}}) {
    auto bytes = original;
    Overwrite<uint32_t>(bytes, 4, sizes.riff);
    Overwrite<uint32_t>(bytes, Find(bytes, "data") + 4, sizes.data);
    const auto decoded = DecodeBytes(bytes, {});
    ASSERT_THAT(decoded, IsOk()) << std::hex << sizes.riff << " " << sizes.data;
    EXPECT_EQ(decoded->samples.size(), sine.size()) << std::hex << sizes.riff << " " << sizes.data;
  }
}

TEST(DecoderBadInputTest, ACafAndAnAuOfUnknownLengthAreReadToTheirEnd) {
  const auto sine = Sine(440, 0.5, 3000);
  auto caf = EncodeAudio(sine, {.format = SF_FORMAT_CAF | SF_FORMAT_PCM_16});
  Overwrite<int64_t>(caf, Find(caf, "data") + 4, -1);
  auto au = EncodeAudio(sine, {.format = SF_FORMAT_AU | SF_FORMAT_PCM_16});
  Overwrite<int32_t>(au, 8, -1);
  for (const auto& bytes : {caf, au}) {
    const auto decoded = DecodeBytes(bytes, {});
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(decoded->samples.size(), sine.size());
  }
}

TEST(DecoderBadInputTest, NoSamplesAreRefused) {
  for (int format : {kWav16, SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_AU | SF_FORMAT_PCM_16,
                     SF_FORMAT_CAF | SF_FORMAT_PCM_16}) {
    EXPECT_THAT(DecodeBytes(EncodeAudio({}, {.format = format}), {}),
                StatusIs(kInvalid, HasSubstr("no samples")))
        << std::hex << format;
  }
}

TEST(DecoderBadInputTest, SamplesThatAreNanInfiniteOrFarTooLoudAreRefused) {
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(), 1e30F}) {
    std::vector<float> samples(10000, 0.1F);
    samples[8000] = bad;
    // Written over afterwards: the writer's clipping would hide it.
    auto bytes = EncodeAudio(std::vector<float>(10000, 0.1F), {.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT});
    Overwrite<float>(bytes, Find(bytes, "data") + 8 + 4 * 8000, bad);
    EXPECT_THAT(DecodeBytes(bytes, {}), StatusIs(kInvalid, HasSubstr("frame 8000")));
  }
}

TEST(DecoderBadInputTest, SeventeenChannelsAreRefusedWithTheLimit) {
  const auto bytes =
      EncodeAudio(Interleave(Sine(440, 0.1, 3000), std::vector<float>(17, 1.0F)), {kWav16, 17, 22050});
  EXPECT_THAT(DecodeBytes(bytes, {}), StatusIs(kInvalid, HasSubstr("17 channels; 1 to 16")));
}

TEST(DecoderBadInputTest, RatesOutsideTheLimitsAreRefusedWithTheLimit) {
  for (int rate_hz : {1000, 3999, 384001, 1000000}) {
    EXPECT_THAT(
        DecodeBytes(EncodeAudio(Sine(100, 0.1, 3000), {kWav16, 1, rate_hz}), {}),
        StatusIs(kInvalid, AllOf(HasSubstr(std::to_string(rate_hz)), HasSubstr("4000 to 384000 Hz"))));
  }
}

TEST(DecoderBadInputTest, AudioLongerThanTheLimitIsRefusedWhileItIsDecoded) {
  DecodeLimits limits;
  limits.max_duration = absl::Seconds(2);
  const auto encode = [](size_t samples) {
    return EncodeAudio(std::vector<float>(samples, 0.1F), {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16});
  };
  EXPECT_THAT(DecodeBytes(encode(44100), limits), IsOk());
  EXPECT_THAT(DecodeBytes(encode(44101), limits),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("at most 2s")));
}

// Whatever the bytes, the answer is a waveform of finite samples or a clear refusal.
TEST(DecoderBadInputTest, DamagedFilesNeverCrashNorGiveBadSamples) {
  const auto noise = timbre::testing::WhiteNoise(0.3, 8000, 1);
  base::Random random({2});
  DecodeLimits limits;
  limits.max_duration = absl::Minutes(2);
  for (int format : {kWav16, SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                     SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_AU | SF_FORMAT_PCM_16,
                     SF_FORMAT_CAF | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                     SF_FORMAT_OGG | SF_FORMAT_OPUS, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}) {
    const auto original = EncodeAudio(noise, {format, 1, 16000});
    for (int round = 0; round < 60; ++round) {
      auto bytes = original;
      const int64_t reach = round % 2 == 0 ? 100 : static_cast<int64_t>(bytes.size()) - 1;
      for (int64_t i = random.UniformInt(1, 8); i > 0; --i) {
        bytes[static_cast<size_t>(random.UniformInt(0, reach))] =
            static_cast<std::byte>(random.UniformInt(0, 255));
      }
      const auto decoded = DecodeBytes(bytes, limits);
      if (!decoded.ok()) continue;
      EXPECT_FALSE(decoded->samples.empty());
      for (float x : decoded->samples) ASSERT_TRUE(std::isfinite(x));
    }
  }
}

}  // namespace
}  // namespace timbre::audio
