#pragma once

// Small data sets for tests: as audio files, or straight as a cache.

#include <cstdint>
#include <filesystem>
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

struct ClipSpec {
  std::string track;
  int64_t samples = 0;
};

// A data set of noise clips, written as a cache without any audio file.
inline absl::StatusOr<std::shared_ptr<const dataset::ClipDataset>> MakeDataset(
    const std::filesystem::path& cache_dir, const std::vector<ClipSpec>& specs) {
  dataset::CacheFolder folder(cache_dir);
  TIMBRE_RETURN_IF_ERROR(folder.Begin());
  TIMBRE_ASSIGN_OR_RETURN(auto writer, dataset::PcmWriter::Create(folder.pcm_file()));
  dataset::CacheIndex index;
  for (const ClipSpec& spec : specs) {
    dataset::Clip clip;
    clip.path = "clip" + std::to_string(index.clips.size()) + ".wav";
    clip.track_id = spec.track;
    clip.offset_samples = writer->samples();
    clip.length_samples = spec.samples;
    TIMBRE_RETURN_IF_ERROR(
        writer->Append(WhiteNoise(0.1, static_cast<size_t>(spec.samples), index.clips.size())));
    index.clips.push_back(std::move(clip));
  }
  index.pcm_samples = writer->samples();
  TIMBRE_ASSIGN_OR_RETURN(index.pcm_sha256, writer->Finish());
  TIMBRE_RETURN_IF_ERROR(folder.Commit(index));
  return dataset::ClipDataset::Open(cache_dir);
}

}  // namespace timbre::testing
