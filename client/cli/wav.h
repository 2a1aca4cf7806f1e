#pragma once

#include <filesystem>
#include <vector>

#include "absl/status/status.h"

namespace timbre::cli {

// Writes mono samples as a WAV file of 32-bit floats (libsndfile): nothing is rounded or clipped. Errors: as
// client::OutputFile · kInternal what libsndfile says.
absl::Status WriteWav(const std::filesystem::path& path, const std::vector<float>& samples,
                      int sample_rate_hz);

}  // namespace timbre::cli
