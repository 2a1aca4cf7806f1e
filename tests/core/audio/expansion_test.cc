// What may become of few bytes: DecodeLimits::max_expansion.
#include <gtest/gtest.h>

#include <fstream>

#include "core/audio/chunk_decoder.h"
#include "core/audio/decoder.h"
#include "tests/core/audio/encode_audio.h"
#include "tests/core/audio/flac_bomb.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::audio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using timbre::testing::EncodeAudio;
using timbre::testing::FlacBomb;
using timbre::testing::IsOk;
using timbre::testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int kFlac = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
constexpr uint32_t kBombFrames = 200;  // 594 s in 3 kB

double Expansion(size_t samples, int rate_hz, size_t bytes) {
  return 2.0 * kSampleRateHz * static_cast<double>(samples) / rate_hz / static_cast<double>(bytes);
}

TEST(ExpansionTest, SilenceFromARealEncoderStaysBelowTheDefault) {
  for (int format : {kFlac, SF_FORMAT_OGG | SF_FORMAT_OPUS, SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                     SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}) {
    const int rate_hz = format == kFlac ? 8000 : 16000;
    const std::vector<float> silence(static_cast<size_t>(rate_hz) * 120);
    const auto bytes = EncodeAudio(silence, {.format = format, .channels = 1, .sample_rate_hz = rate_hz});
    EXPECT_LT(Expansion(silence.size(), rate_hz, bytes.size()), 2500) << std::hex << format;
    EXPECT_THAT(DecodeBytes(bytes, {}), IsOk()) << std::hex << format;
  }
}

TEST(ExpansionTest, ABombIsValidAudioThatTheLimitRefuses) {
  const auto bomb = FlacBomb::Make(kBombFrames);
  EXPECT_GT(Expansion(size_t{kBombFrames} * FlacBomb::kFrameSamples, 22050, bomb.size()), 8000);
  const auto decoded = DecodeBytes(bomb, {.max_expansion = 1e6});
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->samples.size(), size_t{kBombFrames} * FlacBomb::kFrameSamples);

  const auto refused = StatusIs(kInvalid, AllOf(HasSubstr("grows too much"), HasSubstr("5000 times"),
                                                HasSubstr(std::to_string(bomb.size()) + " bytes")));
  EXPECT_THAT(DecodeBytes(bomb, {}), refused);
  EXPECT_THAT(DecodeBytesTo22050(bomb, {}), refused);
}

TEST(ExpansionTest, TheFirstTenSecondsAreFree) {
  DecodeLimits limits;
  limits.max_expansion = 1;
  const auto silence = [](double seconds) {
    return EncodeAudio(std::vector<float>(static_cast<size_t>(seconds * 22050)), {.format = kFlac});
  };
  EXPECT_THAT(DecodeBytes(silence(9.9), limits), IsOk());
  EXPECT_THAT(DecodeBytes(silence(12), limits), StatusIs(kInvalid, HasSubstr("grows too much")));
}

TEST(ExpansionTest, ABombInAFileOrAStreamIsRefusedToo) {
  const auto bomb = FlacBomb::Make(kBombFrames);
  const testing::TempDir folder;
  const auto path = folder.path() / "bomb.flac";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bomb.data()), static_cast<std::streamsize>(bomb.size()));
  EXPECT_THAT(DecodeFileTo22050(path, {}), StatusIs(kInvalid, HasSubstr("grows too much")));

  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto decoder, ChunkDecoder::ForEncoded(folder.path(), 1 << 20, {}));
  for (const std::byte& byte : bomb) ASSERT_THAT(decoder->Push({&byte, 1}), IsOk());
  ASSERT_THAT(decoder->Close(), IsOk());
  absl::Status refused;  // after the ten seconds that are free
  for (bool more = true; more && refused.ok();) {
    const auto window = decoder->Next();
    refused = window.status();
    more = window.ok() && window->has_value();
  }
  EXPECT_THAT(refused, StatusIs(kInvalid, HasSubstr("grows too much")));
}

TEST(ExpansionTest, PcmHasNoSuchLimit) {
  DecodeLimits limits;
  limits.max_expansion = 1;
  const std::vector<std::byte> silence(4000 * 2 * 60);  // a minute at 4 kHz becomes 5.5 times larger
  EXPECT_THAT(DecodePcm(silence, {SampleFormat::kInt16, 4000, 1}, limits), IsOk());
}

}  // namespace
}  // namespace timbre::audio
