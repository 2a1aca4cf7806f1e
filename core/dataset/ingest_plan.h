#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/dataset/annotations.h"
#include "core/dataset/scan.h"

namespace re2 {
class RE2;
}

namespace timbre::dataset {

// All that an ingest knows before the first file is decoded.
// Lifetime: rows point into annotations. Threads: safe (immutable).
struct IngestPlan {
  ScanResult scan;
  bool annotated = false;
  Annotations annotations;
  std::map<std::string, const Annotations::Row*> rows;  // by NormalizedPath
  std::shared_ptr<const re2::RE2> track_pattern;        // null: none
  int64_t bytes = 0;                                    // of the files to decode
};

// Errors: as Ingest.
absl::StatusOr<IngestPlan> MakeIngestPlan(const std::filesystem::path& source_dir,
                                          const std::string& track_id_pattern);

int64_t CountRowsWithoutFile(const IngestPlan& plan);

// The track of a file; `row` is its annotation or null.
std::string TrackOf(const std::string& path, const Annotations::Row* row, const IngestPlan& plan);

}  // namespace timbre::dataset
