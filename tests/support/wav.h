#pragma once

#include <sndfile.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace timbre::testing {

// Writes interleaved samples as an audio file of any of libsndfile's formats.
inline void WriteAudio(const std::filesystem::path& path, const std::vector<float>& interleaved,
                       int rate_hz = 22050, int channels = 1, int format = SF_FORMAT_WAV | SF_FORMAT_FLOAT) {
  std::filesystem::create_directories(path.parent_path());
  SF_INFO info{};
  info.samplerate = rate_hz;
  info.channels = channels;
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr) << sf_strerror(nullptr);
  const auto count = static_cast<sf_count_t>(interleaved.size());
  EXPECT_EQ(sf_write_float(file, interleaved.data(), count), count);
  sf_close(file);
}

// Raw little-endian float32 bytes of samples.
inline std::string FloatBytes(const std::vector<float>& samples) {
  return {reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(float)};
}

}  // namespace timbre::testing
