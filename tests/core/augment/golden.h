#pragma once

// Golden files: raw little-endian float32 of tests/golden.

#include <gmock/gmock.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/base/atomic_file.h"
#include "tests/support/matchers.h"

namespace timbre::testing {

// `name` below tests/golden: "reverb/input.f32".
inline std::vector<float> ReadGolden(const std::string& name) {
  const auto bytes = base::ReadFile(std::string(TIMBRE_GOLDEN_DIR "/") + name);
  EXPECT_THAT(bytes, IsOk());
  std::vector<float> samples(bytes->size() / sizeof(float));
  std::memcpy(samples.data(), bytes->data(), samples.size() * sizeof(float));
  return samples;
}

inline void ExpectNear(const std::vector<float>& a, const std::vector<float>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], tolerance) << "sample " << i;
}

}  // namespace timbre::testing
