#pragma once

#include <filesystem>
#include <vector>

#include "absl/status/status.h"

namespace timbre::cli {

// Writes mono samples as a WAV file of 32-bit floats (libsndfile): nothing is rounded or clipped. The file
// appears whole or not at all. Errors: kPermissionDenied the file cannot be written · kDataLoss writing
// failed, such as on a full disk.
absl::Status WriteWav(const std::filesystem::path& path, const std::vector<float>& samples,
                      int sample_rate_hz);

}  // namespace timbre::cli
