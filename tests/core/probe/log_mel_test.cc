#include "core/probe/log_mel.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

namespace timbre::probe {
namespace {

using ::testing::Each;

constexpr int kRateHz = 22050;

// As signal() of tests/golden/log_mel/make_golden.py.
std::vector<float> Signal(size_t count) {
  uint32_t state = 12345;
  std::vector<float> samples;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    const auto saw = static_cast<double>(i * 37 % 1000) - 500;
    const double noise = static_cast<double>(state >> 24U) - 128;
    samples.push_back(static_cast<float>((saw * static_cast<double>(i % 4000) / 4000 + noise) / 1024));
  }
  return samples;
}

std::vector<float> Sine(double hz, size_t count) {
  std::vector<float> samples;
  for (size_t i = 0; i < count; ++i) {
    samples.push_back(
        static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / kRateHz)));
  }
  return samples;
}

// Tolerance 2e-3 dB: the FFT is in float.
TEST(LogMelTest, StatisticsEqualNumpysWithinTwoThousandthsOfADecibel) {
  std::ifstream file(std::string(TIMBRE_GOLDEN_DIR) + "/log_mel/golden.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  const LogMelStatistics log_mel(golden["rate"]);
  for (const auto& expected : golden["cases"]) {
    const auto actual = log_mel.Compute(Signal(expected["samples"]));
    const auto statistics = expected["statistics"].get<std::vector<double>>();
    ASSERT_EQ(actual.size(), statistics.size());
    for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], statistics[i], 2e-3) << i;
  }
}

TEST(LogMelTest, ASineIsLoudestInABandThatRisesWithItsPitch) {
  const LogMelStatistics log_mel(kRateHz);
  std::ptrdiff_t before = -1;
  for (const double hz : {110.0, 440.0, 1760.0, 7040.0}) {
    const auto statistics = log_mel.Compute(Sine(hz, 40000));
    const auto loudest = std::max_element(statistics.begin(), statistics.begin() + LogMelStatistics::kBands);
    EXPECT_GT(loudest - statistics.begin(), before);
    before = loudest - statistics.begin();
    EXPECT_LT(statistics[static_cast<size_t>(LogMelStatistics::kBands + before)], 0.1);  // a steady tone
  }
}

TEST(LogMelTest, SilenceIsAtTheFloorAndDoesNotVary) {
  const LogMelStatistics log_mel(kRateHz);
  for (const size_t count : {1U, 1023U, 1024U, 5000U}) {
    const auto statistics = log_mel.Compute(std::vector<float>(count, 0.0F));
    ASSERT_EQ(statistics.size(), static_cast<size_t>(LogMelStatistics::kDim));
    EXPECT_THAT(std::vector<float>(statistics.begin(), statistics.begin() + LogMelStatistics::kBands),
                Each(-100));
    EXPECT_THAT(std::vector<float>(statistics.begin() + LogMelStatistics::kBands, statistics.end()), Each(0));
  }
}

TEST(LogMelTest, TenTimesTheAmplitudeIsTwentyDecibelsInEveryBand) {
  const LogMelStatistics log_mel(kRateHz);
  auto samples = Signal(6000);
  const auto before = log_mel.Compute(samples);
  for (float& x : samples) x *= 10;
  const auto after = log_mel.Compute(samples);
  for (size_t band = 0; band < static_cast<size_t>(LogMelStatistics::kBands); ++band) {
    EXPECT_NEAR(after[band] - before[band], 20, 1e-3);
  }
}

}  // namespace
}  // namespace timbre::probe
