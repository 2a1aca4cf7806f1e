#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "core/audio/decoder.h"
#include "core/base/cancel_token.h"
#include "core/dataset/clip_dataset.h"

namespace timbre::dataset {

struct IngestOptions {
  std::filesystem::path source_dir;  // scanned recursively for audio
  std::filesystem::path cache_dir;   // receives the cache; an older cache or a half-written one is replaced
  // Without a `track_id` column: a regular expression (RE2 syntax) whose first group, searched in the
  // relative path, is the track; empty, or no match: the file is its own track.
  std::string track_id_pattern;
  audio::DecodeLimits limits;
};

struct IngestProgress {
  int64_t files_done = 0;
  int64_t files_total = 0;
  int64_t files_skipped = 0;
};

// Scans `source_dir` for audio (by extension: wav flac ogg oga opus mp3 aif aiff aifc caf au snd), decodes
// each file once, in path order, into the cache. `annotations.csv` in the folder gives the tags. Files that
// cannot be used (unreadable, empty, shorter than 0.1 s, NaN) go into the report. Symbolic links that leave
// `source_dir` are skipped and reported.
// On any error, cancel or crash no half-written cache remains (cache_folder.h); an older cache at `cache_dir`
// is gone from the start. The same files give the same bytes.
// Progress comes once before the first file and after each, on the calling thread.
// Memory: one decoded file, the paths and the annotations.
// Errors: kNotFound no such folder · kInvalidArgument annotations (as ReadAnnotations), a bad pattern ·
//   kFailedPrecondition no usable clip at all, or cache_dir holds other things than a cache ·
//   kResourceExhausted disk full, with the path, the bytes needed and the bytes free (a process with a file
//   size limit gets it only if it ignores SIGXFSZ) · the token's status.
// Threads: safe, one at a time for one cache_dir.
absl::StatusOr<IngestReport> Ingest(const IngestOptions& options, const base::CancelToken& cancel,
                                    const std::function<void(const IngestProgress&)>& on_progress);

}  // namespace timbre::dataset
