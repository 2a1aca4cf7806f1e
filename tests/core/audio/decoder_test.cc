#include "core/audio/decoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/audio/resampler.h"
#include "tests/core/audio/encode_audio.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::audio {
namespace {

namespace fs = std::filesystem;
using timbre::testing::AudioShape;
using timbre::testing::EncodeAudio;
using timbre::testing::Interleave;
using timbre::testing::IsOk;
using timbre::testing::Sine;
using timbre::testing::StatusIs;

struct Case {
  std::string name;
  int format;
  double tolerance;  // of one sample; 0 for lossy codecs, which are judged by level and pitch
};

class DecoderFormatTest : public ::testing::TestWithParam<Case> {};

constexpr double kInt16Step = 1.0 / 32768;

INSTANTIATE_TEST_SUITE_P(Formats, DecoderFormatTest,
                         ::testing::Values(Case{"wav_u8", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 1.0 / 128},
                                           Case{"wav_16", SF_FORMAT_WAV | SF_FORMAT_PCM_16, kInt16Step},
                                           Case{"wav_24", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1e-6},
                                           Case{"wav_32", SF_FORMAT_WAV | SF_FORMAT_PCM_32, 1e-6},
                                           Case{"wav_float", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1e-7},
                                           Case{"wav_double", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 1e-7},
                                           Case{"wav_ulaw", SF_FORMAT_WAV | SF_FORMAT_ULAW, 0.02},
                                           Case{"wavex_24", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 1e-6},
                                           Case{"flac_16", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, kInt16Step},
                                           Case{"flac_24", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1e-6},
                                           Case{"aiff_16", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, kInt16Step},
                                           Case{"aiff_float", SF_FORMAT_AIFF | SF_FORMAT_FLOAT, 1e-7},
                                           Case{"caf_16", SF_FORMAT_CAF | SF_FORMAT_PCM_16, kInt16Step},
                                           Case{"caf_float", SF_FORMAT_CAF | SF_FORMAT_FLOAT, 1e-7},
                                           Case{"au_16", SF_FORMAT_AU | SF_FORMAT_PCM_16, kInt16Step},
                                           Case{"au_float", SF_FORMAT_AU | SF_FORMAT_FLOAT, 1e-7},
                                           Case{"ogg_vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0},
                                           Case{"ogg_opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 0},
                                           Case{"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 0}),
                         [](const ::testing::TestParamInfo<Case>& test) { return test.param.name; });

// Upward zero crossings a second: the pitch of a sine.
double Pitch(const std::vector<float>& samples, int rate_hz) {
  int crossings = 0;
  for (size_t i = 1; i < samples.size(); ++i) crossings += samples[i - 1] < 0 && samples[i] >= 0 ? 1 : 0;
  return crossings * static_cast<double>(rate_hz) / static_cast<double>(samples.size());
}

void ExpectSine(const Waveform& waveform, const std::vector<float>& original, const Case& format) {
  if (format.tolerance > 0) {
    ASSERT_EQ(waveform.samples.size(), original.size());
    for (size_t i = 0; i < original.size(); ++i) {
      ASSERT_NEAR(waveform.samples[i], original[i], format.tolerance) << "sample " << i;
    }
    return;
  }
  EXPECT_NEAR(static_cast<double>(waveform.samples.size()), static_cast<double>(original.size()), 2500);
  const auto margin = static_cast<std::ptrdiff_t>(waveform.samples.size() / 8);
  const std::vector<float> middle(waveform.samples.begin() + margin, waveform.samples.end() - margin);
  EXPECT_NEAR(timbre::testing::Rms(middle), timbre::testing::Rms(original), 0.02);
  EXPECT_NEAR(Pitch(middle, waveform.sample_rate_hz), 440, 4);
}

TEST_P(DecoderFormatTest, ASineComesBack) {
  const bool opus = GetParam().name == "ogg_opus";
  for (int rate_hz : opus ? std::vector{16000, 48000} : std::vector{16000, 22050, 44100, 48000}) {
    SCOPED_TRACE(rate_hz);
    const auto sine = Sine(440, 0.5, static_cast<size_t>(rate_hz), rate_hz);
    const auto decoded = DecodeBytes(EncodeAudio(sine, {GetParam().format, 1, rate_hz}), {});
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(decoded->sample_rate_hz, rate_hz);
    ExpectSine(*decoded, sine, GetParam());
  }
}

TEST_P(DecoderFormatTest, TwoChannelsAreAveraged) {
  const auto sine = Sine(440, 0.5, 48000, 48000);
  // Left at 1.5 and right at 0.5 of the sine average to the sine.
  const auto bytes = EncodeAudio(Interleave(sine, {1.5F, 0.5F}), {GetParam().format, 2, 48000});
  const auto decoded = DecodeBytes(bytes, {});
  ASSERT_THAT(decoded, IsOk());
  ExpectSine(*decoded, sine, GetParam());
}

TEST(DecoderTest, EightChannelsAreAveraged) {
  const auto sine = Sine(440, 0.2, 10000);
  const auto interleaved = Interleave(sine, {2, 0, 1, 1, 0.5, 1.5, 3, -1});
  for (int format : {SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_FLAC | SF_FORMAT_PCM_24}) {
    const auto decoded = DecodeBytes(EncodeAudio(interleaved, {format, 8, 22050}), {});
    ASSERT_THAT(decoded, IsOk());
    ASSERT_EQ(decoded->samples.size(), sine.size());
    for (size_t i = 0; i < sine.size(); ++i) ASSERT_NEAR(decoded->samples[i], sine[i], 1e-6);
  }
}

TEST(DecoderTest, HighAndLowRatesAreAccepted) {
  for (int rate_hz : {4000, 192000, 384000}) {
    const auto decoded =
        DecodeBytes(EncodeAudio(Sine(440, 0.5, 5000, rate_hz), {.sample_rate_hz = rate_hz}), {});
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(decoded->sample_rate_hz, rate_hz);
  }
}

TEST(DecoderTest, OneSampleIsAudioToo) {
  const auto decoded = DecodeBytes(EncodeAudio({0.5F}, {}), {});
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->samples, std::vector<float>{0.5F});
}

TEST(DecoderTest, FloatsBeyondOneAreKept) {
  const auto decoded =
      DecodeBytes(EncodeAudio({1.5F, -3.0F}, {.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT}), {});
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->samples, (std::vector<float>{1.5F, -3.0F}));
}

TEST(DecoderTest, DecodingTo22050EqualsDecodingThenResampling) {
  for (int rate_hz : {16000, 22050, 44100}) {
    const auto noise = timbre::testing::WhiteNoise(0.2, 30000, 1);
    const auto bytes = EncodeAudio(noise, {.sample_rate_hz = rate_hz});
    const auto two_steps = ResampleTo22050(DecodeBytes(bytes, {}).value());
    const auto one_step = DecodeBytesTo22050(bytes, {});
    ASSERT_THAT(one_step, IsOk());
    EXPECT_EQ(one_step->samples, two_steps->samples);
    EXPECT_EQ(one_step->sample_rate_hz, 22050);
  }
}

class DecodeFileTest : public ::testing::Test {
 protected:
  DecodeFileTest() : folder_(fs::temp_directory_path() / ("timbre_decode_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~DecodeFileTest() override { fs::remove_all(folder_); }

  fs::path Write(const std::string& name, const std::vector<std::byte>& bytes) {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }

  const fs::path folder_;
};

TEST_F(DecodeFileTest, AFileDecodesLikeItsBytes) {
  for (int format : {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                     SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}) {
    const auto bytes = EncodeAudio(timbre::testing::WhiteNoise(0.2, 60000, 1), {format, 2, 44100});
    // The name says nothing: the content decides.
    const auto from_file = DecodeFile(Write("a.bin", bytes), {});
    ASSERT_THAT(from_file, IsOk());
    EXPECT_EQ(from_file->samples, DecodeBytes(bytes, {})->samples);
    EXPECT_EQ(DecodeFileTo22050(folder_ / "a.bin", {})->samples, DecodeBytesTo22050(bytes, {})->samples);
  }
}

TEST_F(DecodeFileTest, AMissingFileIsNotFound) {
  EXPECT_THAT(DecodeFile(folder_ / "none.wav", {}), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DecodeFileTest, AFolderOrAnEmptyFileIsRefused) {
  EXPECT_THAT(DecodeFile(folder_, {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DecodeFile(Write("empty.mp3", {}), {}), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace timbre::audio
