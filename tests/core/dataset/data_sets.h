#pragma once

// Small data sets for tests: as audio files, or straight as a cache.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "core/dataset/cache_folder.h"
#include "core/dataset/clip_dataset.h"
#include "core/dataset/pcm_writer.h"
#include "core/dataset/segment.h"
#include "tests/core/audio/encode_audio.h"
#include "tests/support/signals.h"
#include "tests/support/temp_dir.h"

namespace timbre::testing {

inline void WriteAudio(const std::filesystem::path& path, const std::vector<float>& samples,
                       const AudioShape& shape = {}) {
  const std::vector<std::byte> bytes = EncodeAudio(samples, shape);
  WriteFile(path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// Names of what lies in a folder.
inline std::set<std::string> NamesIn(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

// All files below a folder, with their bytes.
inline std::map<std::string, std::string> FilesBelow(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().lexically_relative(folder)] =
        std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return files;
}

struct ClipSpec {
  std::string track;
  int64_t samples = 0;
};

// A data set of noise clips, written as a cache without any audio file.
inline absl::StatusOr<std::shared_ptr<const dataset::ClipDataset>> MakeDataset(
    const std::filesystem::path& cache_dir, const std::vector<ClipSpec>& specs) {
  dataset::CacheFolder folder(cache_dir);
  TIMBRE_RETURN_IF_ERROR(folder.Begin());
  TIMBRE_ASSIGN_OR_RETURN(auto segment, dataset::SegmentWriter::Create(folder.partial_dir()));
  dataset::CacheIndex index;
  int64_t samples = 0;
  for (const ClipSpec& spec : specs) {
    dataset::Clip clip;
    clip.path = "clip" + std::to_string(index.clips.size()) + ".wav";
    clip.track_id = spec.track;
    clip.offset_samples = samples;
    clip.length_samples = spec.samples;
    samples += spec.samples;
    const std::filesystem::path loose = folder.partial_dir() / "loose";
    TIMBRE_ASSIGN_OR_RETURN(auto writer, dataset::PcmWriter::Create(loose));
    TIMBRE_RETURN_IF_ERROR(
        writer->Append(WhiteNoise(0.1, static_cast<size_t>(spec.samples), index.clips.size())));
    TIMBRE_ASSIGN_OR_RETURN(clip.pcm_sha256, writer->Finish());
    TIMBRE_RETURN_IF_ERROR(segment->Append(loose, {clip.path, clip.pcm_sha256, clip.length_samples}));
    std::filesystem::remove(loose);
    index.clips.push_back(std::move(clip));
  }
  TIMBRE_ASSIGN_OR_RETURN(const std::string name, segment->Finish());
  index.segments.push_back({name, samples});
  TIMBRE_RETURN_IF_ERROR(folder.Commit(index));
  return dataset::ClipDataset::Open(cache_dir);
}

}  // namespace timbre::testing
