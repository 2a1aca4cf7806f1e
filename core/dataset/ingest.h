#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/audio/decoder.h"
#include "core/base/cancel_token.h"
#include "core/dataset/blob_store.h"
#include "core/dataset/clip_dataset.h"

namespace timbre::dataset {

struct IngestOptions {
  std::filesystem::path source_dir;  // scanned recursively for audio
  std::filesystem::path cache_dir;   // receives the cache; an older cache or a half-written one is replaced
  // The blob store that data sets share: on the same file system as cache_dir, and not below it.
  std::filesystem::path blob_dir;
  // Without a `track_id` column: a regular expression (RE2 syntax) whose first group, searched in the
  // relative path, is the track; empty, or no match: the file is its own track.
  std::string track_id_pattern = {};
  audio::DecodeLimits limits = {};
  int threads = 0;  // that hash and decode; 0: one a core
  absl::Duration progress_interval = absl::Milliseconds(500);
  int64_t segment_bytes = BlobStore::kSegmentBytes;
};

// What is done of what there is. Grows only.
struct IngestProgress {
  int64_t files_done = 0;
  int64_t files_total = 0;
  int64_t bytes_done = 0;  // of the audio files
  int64_t bytes_total = 0;
  double audio_seconds = 0;   // decoded or found, of files half done too
  int64_t files_skipped = 0;  // these two count the files in path order, up to the first that is not done
  int64_t files_cached = 0;

  bool operator==(const IngestProgress&) const = default;
};

// Scans `source_dir` for audio (by extension: wav flac ogg oga opus mp3 aif aiff aifc caf au snd) and makes a
// cache of it. Each content is decoded once: what the blob store has is not decoded again, be it from another
// data set, from this one before, or from a run that was killed. `annotations.csv` in the folder gives the
// tags. Files that cannot be used (unreadable, empty, shorter than 0.1 s, NaN) go into the report. Symbolic
// links that leave `source_dir` are skipped and reported.
// On any error or cancel nothing of this run remains, but after kUnavailable (the server ends) and after a
// kill: then the next run goes on with what was decoded. An older cache at `cache_dir` is gone from the
// start. The same files give the same cache and digest for any number of threads and kills; the digest does
// not depend on what the store had either.
// Progress comes on the calling thread: before the first file, then at most once in `progress_interval` while
// anything is under way, and after the last file.
// Memory: some blocks a thread, the paths and the annotations.
// Errors: kNotFound no such folder · kInvalidArgument annotations (as ReadAnnotations), a bad pattern ·
//   kFailedPrecondition no usable clip at all, cache_dir holds other things than a cache, no hard links ·
//   kResourceExhausted disk full, with the path, the bytes needed and the bytes free (a process with a file
//   size limit gets it only if it ignores SIGXFSZ) · the token's status.
// Threads: safe; ingests of one blob_dir wait for each other.
absl::StatusOr<IngestReport> Ingest(const IngestOptions& options, const base::CancelToken& cancel,
                                    const std::function<void(const IngestProgress&)>& on_progress);

}  // namespace timbre::dataset
