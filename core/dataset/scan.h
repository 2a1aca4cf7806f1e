#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/clip_dataset.h"

namespace timbre::dataset {

// The audio files of a folder.
struct ScanResult {
  std::vector<std::string> paths;    // relative, with '/', sorted bytewise
  std::vector<SkippedFile> skipped;  // not to be read: links that leave the folder, names not UTF-8, ...
  int64_t files_seen = 0;            // names with an audio extension, skipped ones too
};

// Finds audio by extension (case does not matter): wav flac ogg oga opus mp3 aif aiff aifc caf au snd.
// Links to files inside of the folder count as files; links to folders are not followed.
// Errors: kNotFound no such folder · kInternal it cannot be read.
absl::StatusOr<ScanResult> ScanForAudio(const std::filesystem::path& source_dir);

// Whether the path, with all links resolved, lies inside of the folder. False if either does not exist.
bool LiesInside(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace timbre::dataset
