#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/dataset/segment.h"

namespace timbre::dataset {

// One decoded file of a data set.
struct Clip {
  std::string path;             // relative to the data set's folder
  std::string track_id;         // clips of one track share it
  int64_t segment = 0;          // which of the cache's segments
  int64_t offset_samples = 0;   // into the segment
  int64_t length_samples = 0;   // at 22,050 Hz
  std::string pcm_sha256;       // of the samples, hex
  std::vector<uint8_t> labels;  // [tags]; empty when the data set has no annotations or the file no row
};

// A file that ingest left out, and why.
struct SkippedFile {
  std::string path;
  std::string reason;
};

// What ingest found. Kept with the data set, but for the two counts that differ from run to run.
struct IngestReport {
  int64_t files_seen = 0;         // audio files found in the folder
  int64_t clips = 0;              // decoded into the cache
  int64_t rows_without_file = 0;  // annotation rows whose file is missing
  int64_t files_without_row = 0;  // clips that the annotations do not name
  double audio_seconds = 0;
  std::vector<SkippedFile> skipped;
  int64_t files_decoded = 0;  // of the clips: decoded by this run
  int64_t files_cached = 0;   // ... and found in the blob store: clips = files_decoded + files_cached
};

// A data set as training and probing see it: mono 22,050 Hz int16 clips in a memory-mapped cache.
// The cache folder holds segments (segment.h; hard links to those of the blob store, whose name is not needed
// to read them) and `index.json` (clips, tags, report, digest), written last: a folder without index.json is
// no data set.
// Threads: safe (immutable).
class ClipDataset {
 public:
  // Errors: kNotFound no index · kDataLoss a segment is missing or does not fit the index, or the index does
  //   not fit its digest (the samples are not hashed again: that would read all of them).
  static absl::StatusOr<std::shared_ptr<const ClipDataset>> Open(const std::filesystem::path& cache_dir);

  const std::vector<Clip>& clips() const { return clips_; }
  const std::vector<std::string>& tags() const { return tags_; }
  const IngestReport& report() const { return report_; }
  // sha256 (hex) over the tags and the clips' paths, tracks, labels and samples: the identity of the data.
  const std::string& digest() const { return digest_; }

  // All samples of a clip, int16 at 22,050 Hz.
  std::span<const int16_t> samples(const Clip& clip) const;

  // samples [begin, begin + out.size()) as float in [-1, 1): x / 32768. The range must lie in the clip.
  void ReadFloat(const Clip& clip, int64_t begin, std::span<float> out) const;

 private:
  ClipDataset() = default;
  absl::Status Map(const std::filesystem::path& segment_file);

  std::vector<Clip> clips_;
  std::vector<std::string> tags_;
  IngestReport report_;
  std::string digest_;
  std::vector<std::unique_ptr<const MappedSegment>> segments_;
};

}  // namespace timbre::dataset
