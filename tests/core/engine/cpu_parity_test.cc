// The CPU engine against LibTorch's fp32 reference.
#include "core/engine/cpu_engine.h"
#include "core/engine/torch_encoder.h"
#include "tests/support/agreement.h"
#include "tests/support/hashed_weights.h"
#include "tests/support/matchers.h"
#include "tests/support/signals.h"

namespace timbre::engine {
namespace {

using timbre::testing::Agreement;
using timbre::testing::CompareRows;
using timbre::testing::HashedSampleCnn;
using timbre::testing::HashedUniform;
using timbre::testing::IsOk;

constexpr size_t kWindow = 59049, kDim = 512, kCount = 6;

// Noise, tones and silence.
std::vector<float> Windows() {
  std::vector<float> windows = HashedUniform(kCount * kWindow, "windows", 0.5);
  for (size_t w = 2; w < kCount; ++w) {
    const std::vector<float> tone = testing::Sine(100.0 * static_cast<double>(w * w), 0.4, kWindow);
    std::copy_n(tone.begin(), kWindow, windows.begin() + static_cast<std::ptrdiff_t>(w * kWindow));
  }
  std::fill_n(windows.end() - static_cast<std::ptrdiff_t>(kWindow), kWindow, 0.0F);
  return windows;
}

std::vector<float> Encode(Encoder& encoder) {
  std::vector<float> out(kCount * kDim);
  EXPECT_THAT(encoder.Encode(Windows(), kCount, out), IsOk());
  return out;
}

TEST(CpuParityTest, BothPrecisionsAreLibTorchsToTheirTolerance) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const auto torch, MakeTorchEncoder(HashedSampleCnn(), {.device = "cpu"}));
  const std::vector<float> reference = Encode(*torch);
  for (const char* precision : {"fp32", "bf16"}) {
    if (!CpuEngine::RunsHere(precision)) continue;
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto engine, CpuEngine::Create({.precision = precision, .threads = 2}));
    TIMBRE_ASSERT_OK_AND_ASSIGN(const auto encoder, engine->Load(HashedSampleCnn()));
    const Agreement agreement = CompareRows(Encode(*encoder), reference, kDim);
    RecordProperty(precision, std::to_string(agreement.worst_relative_error));
    if (precision == std::string("fp32")) {
      EXPECT_LT(agreement.worst_relative_error, 1e-4);
    } else {
      EXPECT_GE(agreement.least_cosine, 0.999);
    }
  }
}

}  // namespace
}  // namespace timbre::engine
