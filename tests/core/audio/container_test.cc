#include "core/audio/container.h"

#include <gtest/gtest.h>

#include "tests/core/audio/encode_audio.h"
#include "tests/support/signals.h"

namespace timbre::audio {
namespace {

using timbre::testing::EncodeAudio;
using timbre::testing::Find;
using timbre::testing::Overwrite;

Container Sniff(const std::vector<std::byte>& bytes) {
  MemorySource source(bytes);
  return SniffContainer(source);
}

std::vector<std::byte> Encode(int format) {
  return EncodeAudio(timbre::testing::Sine(440, 0.5, 1000), {format, 1, 16000});
}

TEST(ContainerTest, EachAllowedContainerIsKnownByItsFirstBytes) {
  EXPECT_EQ(Sniff(Encode(SF_FORMAT_WAV | SF_FORMAT_PCM_16)), Container::kWav);
  EXPECT_EQ(Sniff(Encode(SF_FORMAT_AIFF | SF_FORMAT_PCM_16)), Container::kAiff);
  EXPECT_EQ(Sniff(Encode(SF_FORMAT_AU | SF_FORMAT_PCM_16)), Container::kAu);
  EXPECT_EQ(Sniff(Encode(SF_FORMAT_CAF | SF_FORMAT_PCM_16)), Container::kCaf);
  EXPECT_EQ(Sniff(Encode(SF_FORMAT_FLAC | SF_FORMAT_PCM_16)), Container::kFlac);
  EXPECT_EQ(Sniff(Encode(SF_FORMAT_OGG | SF_FORMAT_VORBIS)), Container::kOgg);
  EXPECT_EQ(Sniff(Encode(SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III)), Container::kMp3);
}

TEST(ContainerTest, AnId3TagIsSkipped) {
  std::vector<std::byte> tag(10 + 300);
  Overwrite<uint32_t>(tag, 0, 0x04334449);  // "ID3", version 4
  tag[8] = std::byte{2};                    // 300 in 7 bits a byte
  tag[9] = std::byte{44};
  for (const auto& [format, container] :
       {std::pair{SF_FORMAT_FLAC | SF_FORMAT_PCM_16, Container::kFlac},
        std::pair{SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, Container::kMp3}}) {
    auto bytes = tag;
    const auto audio = Encode(format);
    bytes.insert(bytes.end(), audio.begin(), audio.end());
    EXPECT_EQ(Sniff(bytes), container);
  }
}

TEST(ContainerTest, ShortOrStrangeBytesAreUnknown) {
  EXPECT_EQ(Sniff({}), Container::kUnknown);
  EXPECT_EQ(Sniff(std::vector<std::byte>(3)), Container::kUnknown);
  EXPECT_EQ(Sniff(std::vector<std::byte>(100)), Container::kUnknown);
}

TEST(ContainerTest, TheClaimOfAWholeFileIsWhatIsThere) {
  for (const auto& [format, container] : {std::pair{SF_FORMAT_WAV | SF_FORMAT_PCM_16, Container::kWav},
                                          std::pair{SF_FORMAT_WAV | SF_FORMAT_FLOAT, Container::kWav},
                                          std::pair{SF_FORMAT_AIFF | SF_FORMAT_PCM_16, Container::kAiff},
                                          std::pair{SF_FORMAT_AU | SF_FORMAT_PCM_16, Container::kAu},
                                          std::pair{SF_FORMAT_CAF | SF_FORMAT_PCM_16, Container::kCaf}}) {
    const auto bytes = Encode(format);
    MemorySource source(bytes);
    const auto claim = ReadDataClaim(source, container);
    ASSERT_TRUE(claim && claim->claimed_bytes) << std::hex << format;
    EXPECT_EQ(*claim->claimed_bytes, claim->available_bytes) << std::hex << format;
  }
}

TEST(ContainerTest, AChunkThatClaimsMoreThanTheFileEndsTheSearch) {
  auto bytes = Encode(SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  Overwrite<uint32_t>(bytes, Find(bytes, "fmt ") + 4, 0xfffffff0);
  MemorySource source(bytes);
  EXPECT_FALSE(ReadDataClaim(source, Container::kWav));
}

}  // namespace
}  // namespace timbre::audio
