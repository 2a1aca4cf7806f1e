#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/train/learner.h"

namespace timbre::train {

// How far a training is, beside what it learned.
struct Progress {
  int64_t step = 0;  // steps done
  double first_loss = 0;
  std::vector<double> last_losses;  // of the last 10 steps, oldest first
};

// A snapshot is a line "timbre snapshot 2 <sha256 of the rest>" and one torch::serialize archive;
// `fingerprint` ties it to its config.
// Errors: kResourceExhausted disk full · kInternal.
absl::Status WriteSnapshot(const std::filesystem::path& path, const std::string& fingerprint,
                           const Progress& progress, const Learner& learner);

// Restores `learner`; it must be of the config of the fingerprint.
// Errors: kNotFound no snapshot · kDataLoss damaged, or of another config.
absl::StatusOr<Progress> ReadSnapshot(const std::filesystem::path& path, const std::string& fingerprint,
                                      Learner& learner);

}  // namespace timbre::train
